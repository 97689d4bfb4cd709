import { setTimeout as sleep } from 'node:timers/promises';
import { prepare } from '../../events/prepare.ts';
import type { Precondition } from '../../log/append-statement.ts';
import { readContest } from '../../platform/contests.ts';
import { readFreeze } from '../../platform/freeze.ts';
import { readScores } from '../../platform/scores.ts';
import { readCellsContest } from '../../platform/submissions.ts';
import type { Reveal, RevealExtent, RevealedStep } from '../../protocol/api/reveal.ts';
import type { EventData } from '../../protocol/event.ts';
import { Problem } from '../../protocol/problem.ts';
import { truncate } from '../../util/truncate.ts';
import { type LeaderboardPublisherOptions, refreshLeaderboard } from '../leaderboard-publisher.ts';
import { publicationOf } from '../publication.ts';
import { rankChangesBetween } from '../rank-changes.ts';
import { advanceHead, savePendingRankChanges, upsertRows } from '../row-statements.ts';
import { readShownScores, withPublicTiers } from '../shown-scores.ts';
import type { Step } from '../step.ts';
import { readStoredLeaderboard, type StoredLeaderboard } from '../stored-leaderboard.ts';
import { openCells, readHiddenNow } from './opened-cells.ts';
import { countHidden, nextHiddenCell, nextTarget, type RevealState, revealTarget } from './reveal-order.ts';
import {
  advanceReveal,
  finishReveal,
  openReveal,
  readHiddenCells,
  readOpenedCells,
  readReveal,
  readRevealStep,
  readSettledPlayers,
  type StoredReveal,
  storeHiddenCells,
} from './reveal-rows.ts';

type StepData = EventData<'CONTEST_REVEAL_STEP'>;

/** A reveal as it is stored, with the boards that it is between. */
interface LoadedReveal extends StoredReveal {
  readonly contestId: number;
  readonly shown: StoredLeaderboard;
  readonly state: RevealState;
}

/** Max attempts at a step that other writers keep overtaking, and the delay after the first, in ms; it grows with each. */
const MAX_ATTEMPTS = 8;
const RETRY_MS = 20;
const MAX_TITLE_LENGTH = 200;
const ADMIN = { userId: 0, playerId: undefined, isAdmin: true };

/**
 * Reveals of frozen standings after the end of a contest: step by step, in the order of the ICPC's resolver. Any node takes
 * a step. Its rows, its record and its events are one transaction, which only the step after the last one passes: so of
 * two callers one takes it, and whichever node is asked next goes on from there.
 */
export class ContestReveals {
  readonly #options: LeaderboardPublisherOptions;

  constructor(options: LeaderboardPublisherOptions) {
    this.#options = options;
  }

  /** Reads how far the reveal of a contest is. Costs the same however many take part. */
  async read(contestId: number): Promise<Omit<Reveal, 'canStep' | 'cursor'>> {
    const { database } = this.#options;
    const stored = await readReveal(database, contestId);
    if (!stored) return { contestId, state: 'none', step: 0 };
    const { freezeNo, step, finished } = stored;
    const data = await readRevealStep(database, contestId, stored, step);
    const last = data === undefined ? {} : { last: JSON.parse(data) as StepData };
    return { contestId, freezeNo, state: finished ? 'finished' : 'open', step, ...last };
  }

  /**
   * Opens the reveal of a contest, unless it is open.
   * @throws Problem `not-found`; `reveal-not-possible` unless the contest is over and its standings are frozen
   */
  async open(contestId: number): Promise<void> {
    const { database, publisher } = this.#options;
    const contest = await readContest(database, this.#options.clock, ADMIN, contestId);
    if (!contest) throw new Problem('not-found');
    const known = await readReveal(database, contestId);
    if (known && !known.finished) return;
    if (contest.status !== 'ENDED' || !contest.frozen) throw new Problem('reveal-not-possible');
    // The freeze may not be published yet.
    await refreshLeaderboard(this.#options, contestId);
    const freeze = await readFreeze(database, contestId);
    if (!freeze?.frozen) throw new Problem('reveal-not-possible');
    const { freezeNo } = freeze;
    await this.#storeHidden(contestId, freezeNo);
    const { state } = await this.#load(contestId, { freezeNo, step: 0, finished: false });
    const data = { ...firstStep(contestId, freezeNo), ...outlook(state), finished: false };
    const draft = prepare(
      'CONTEST_REVEAL',
      {
        contestId,
        freezeNo,
        ...(contest.title === '' ? {} : { contestTitle: truncate(contest.title, MAX_TITLE_LENGTH) }),
        pending: data.pending,
        ...(data.next ? { next: data.next } : {}),
      },
      { internal: true },
    );
    const row = { contestId, freezeNo, step: 0, settledPlayer: null, data: JSON.stringify(data) };
    await publisher
      .publishUnits([{ drafts: [draft], preconditions: openReveal(row) }])
      .catch(unless(() => readReveal(database, contestId)));
  }

  /**
   * Takes a step. Of a step that was taken before the answer is what it disclosed.
   * @param step its number: that of the last step plus 1
   * @throws Problem `reveal-not-open`; `reveal-not-possible` where the contest goes on again; `reveal-step` with the last
   * step, where it is not the next one
   */
  async take(contestId: number, step: number, extent: RevealExtent): Promise<RevealedStep> {
    const { database, clock } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const stored = await readReveal(database, contestId);
      if (!stored) throw new Problem('reveal-not-open');
      const earlier =
        step > stored.step ? undefined : await readRevealStep(database, contestId, stored, step);
      if (earlier !== undefined) return { ...(JSON.parse(earlier) as StepData), duplicate: true };
      if (stored.finished) throw new Problem('reveal-not-open');
      if (step !== stored.step + 1)
        throw new Problem('reveal-step', {
          step: stored.step,
          detail: `the last step is ${stored.step}, so the next is ${stored.step + 1}`,
        });
      const contest = await readContest(database, clock, ADMIN, contestId);
      if (contest?.status !== 'ENDED') throw new Problem('reveal-not-possible');
      try {
        const taken =
          extent === 'all'
            ? await this.#finish(contestId, stored)
            : await this.#step(contestId, stored, extent);
        return { ...taken, duplicate: false };
      } catch (error) {
        if (attempt === MAX_ATTEMPTS || !(error instanceof Problem && error.code === 'superseded'))
          throw error;
        await sleep(attempt * RETRY_MS);
      }
    }
  }

  /** Reveals the next cell or row. */
  async #step(contestId: number, stored: StoredReveal, extent: 'cell' | 'row'): Promise<StepData> {
    const { database, clock, publisher } = this.#options;
    const loaded = await this.#load(contestId, stored);
    const target = nextTarget(loaded.state, extent);
    const contest = await readCellsContest(database, clock, contestId);
    if (!target || !contest) return this.#finish(contestId, stored);
    const { playerId } = target;
    const before = loaded.state.order.find((row) => row.playerId === playerId);
    const { problems: opened } = await readOpenedCells(database, contestId);
    const { cells, drafts, preconditions } = await openCells(
      this.#options,
      contestId,
      contest,
      opened,
      target,
    );
    const settled = target.settles ? await this.#readSettled(loaded, playerId) : undefined;
    const { state, step } = revealTarget(loaded.state, target, settled);
    const row = state.order.find((one) => one.playerId === playerId);
    const data: StepData = {
      contestId,
      freezeNo: stored.freezeNo,
      step: stored.step + 1,
      extent,
      playerId,
      ...(row ? { playerName: row.playerName, row } : {}),
      ...(before ? { oldRank: before.rank } : {}),
      cells: [...cells],
      settled: target.settles,
      ...outlook(state),
    };
    const record = { contestId, freezeNo: stored.freezeNo, step: data.step, data: JSON.stringify(data) };
    const rows = this.#publishRows(loaded, step);
    await publisher.publishUnits([
      {
        drafts: [prepare('CONTEST_REVEAL_STEP', data, { internal: true }), ...drafts, ...rows.drafts],
        preconditions: [
          ...advanceReveal({ ...record, settledPlayer: target.settles ? playerId : null }, target),
          ...preconditions,
          ...rows.preconditions,
          ...(data.finished ? [finishReveal(contestId, stored.freezeNo)] : []),
        ],
      },
    ]);
    return data;
  }

  /** Reveals all that is left: the end of the freeze publishes it. */
  async #finish(contestId: number, { freezeNo, step }: StoredReveal): Promise<StepData> {
    const data: StepData = {
      ...firstStep(contestId, freezeNo),
      step: step + 1,
      extent: 'all',
      finished: true,
    };
    const row = { contestId, freezeNo, step: data.step, settledPlayer: null, data: JSON.stringify(data) };
    await this.#options.publisher.publishUnits([
      {
        drafts: [prepare('CONTEST_REVEAL_STEP', data, { internal: true })],
        preconditions: [...advanceReveal(row, undefined), finishReveal(contestId, freezeNo)],
      },
    ]);
    return data;
  }

  /** What is published of the rows that players are shown. Rank changes wait for the end of the freeze. */
  #publishRows({ contestId, shown }: LoadedReveal, step: Step) {
    const { head, order, pending } = shown;
    // What the step says of ranks and of the next cell is right for this version alone.
    if (step.changed.length === 0) return { drafts: [], preconditions: [advanceHead(contestId, head, head)] };
    const change = { ...step, total: step.order.length };
    const { head: whole, deltas, missed } = publicationOf(change, contestId, head, 'shown');
    const next = deltas ? whole : missed.head;
    const byPlayer = (rows: typeof order) => new Map(rows.map((row) => [row.playerId, row]));
    const moved = rankChangesBetween(order, byPlayer(order), byPlayer(step.order), this.#options.top);
    const added = new Map([...moved].filter(([playerId]) => !pending.has(playerId)));
    const changed = new Set(step.changed.map(({ playerId }) => playerId));
    const preconditions: Precondition[] = [
      advanceHead(contestId, head, next),
      ...upsertRows(contestId, 'shown', step.changed, next.shownVersion, new Map([...added, ...pending])),
      ...savePendingRankChanges(
        contestId,
        new Map([...added].filter(([playerId]) => !changed.has(playerId))),
      ),
    ];
    return {
      drafts: (deltas ?? [missed.delta]).map((delta) =>
        prepare('LEADERBOARD_UPDATE', delta, { internal: true }),
      ),
      preconditions,
    };
  }

  /** The row that a player is shown once its total is revealed. */
  async #readSettled({ contestId, shown }: LoadedReveal, playerId: number) {
    const { database, clock, holdDays } = this.#options;
    const player = new Set([playerId]);
    const scores = await readScores(database, contestId, player, clock);
    const freeze = await readFreeze(database, contestId);
    if (!freeze) return undefined;
    const published = new Map(shown.order.map((row) => [row.playerId, row]));
    const rows = await readShownScores(database, clock, contestId, freeze, scores, published, player);
    return (await withPublicTiers(database, contestId, rows, holdDays)).get(playerId);
  }

  async #load(contestId: number, stored: StoredReveal): Promise<LoadedReveal> {
    const { database, clock } = this.#options;
    const { freezeNo } = stored;
    const contest = await readCellsContest(database, clock, contestId);
    const shown = await readStoredLeaderboard(database, contestId, 'shown');
    const real = await readStoredLeaderboard(database, contestId, 'real');
    if (!shown?.head.frozen || !real) throw new Problem('reveal-not-open');
    const state = {
      order: shown.order,
      real: new Map(real.order.map((row) => [row.playerId, row])),
      hidden: await readHiddenCells(database, contestId, freezeNo, contest?.problems ?? []),
      settled: await readSettledPlayers(database, contestId, freezeNo),
    };
    return { ...stored, contestId, shown, state };
  }

  async #storeHidden(contestId: number, freezeNo: number): Promise<void> {
    const { database, clock } = this.#options;
    const contest = await readCellsContest(database, clock, contestId);
    if (!contest) throw new Problem('not-found');
    const hidden = await readHiddenNow(this.#options, contestId, contest, 'all');
    await database.transaction((tx) => storeHiddenCells(tx, contestId, freezeNo, hidden));
  }
}

function firstStep(contestId: number, freezeNo: number): StepData {
  const nothing = { cells: [], settled: false, pending: 0, finished: false };
  return { contestId, freezeNo, step: 0, extent: 'cell', ...nothing };
}

/** What is left, and which cell comes next. That a total comes before it is not disclosed. */
function outlook(state: RevealState): Pick<StepData, 'pending' | 'next' | 'finished'> {
  const next = nextHiddenCell(state);
  return {
    pending: countHidden(state),
    ...(next ? { next } : {}),
    finished: nextTarget(state, 'cell') === undefined,
  };
}

/** Handler of a failed precondition that accepts it where the wanted state exists. */
function unless(exists: () => Promise<unknown>) {
  return async (error: unknown): Promise<void> => {
    if (error instanceof Problem && error.code === 'superseded' && (await exists())) return;
    throw error;
  };
}
