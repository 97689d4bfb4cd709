import { flushPaced } from '../events/paced-events.ts';
import { prepare } from '../events/prepare.ts';
import type { Precondition } from '../log/append-statement.ts';
import type { PlatformClock } from '../platform/clock.ts';
import { deleteHeld, endFreeze, type FreezeRecord, recordFreeze } from '../platform/freeze.ts';
import { type ContestState, type ResultChecksums, readScores, type Score } from '../platform/scores.ts';
import type { EventInput } from '../protocol/event.ts';
import type { LeaderboardRow } from '../protocol/leaderboard.ts';
import { Problem } from '../protocol/problem.ts';
import { createLeaderboard, deleteLeaderboard } from './creation.ts';
import type { LeftOutRows } from './left-out-rows.ts';
import { publicationOf, publishVersion } from './publication.ts';
import { RankChangePublisher, type RankChangePublisherOptions } from './rank-change-publisher.ts';
import { rankChangesBetween } from './rank-changes.ts';
import { readSettledPlayers } from './reveal/reveal-rows.ts';
import {
  advanceHead,
  deleteRows,
  forkFrozenBoard,
  mergeFrozenBoard,
  savePendingRankChanges,
  upsertRows,
} from './row-statements.ts';
import { readScoreSnapshot } from './score-snapshot.ts';
import { readShownScores, withPublicTiers } from './shown-scores.ts';
import { type Step, sameScore, stepOf } from './step.ts';
import { type LeaderboardHead, readStoredLeaderboard, type StoredLeaderboard } from './stored-leaderboard.ts';
import { unfreezeDelta } from './unfreeze-delta.ts';

export interface LeaderboardPublisherOptions extends RankChangePublisherOptions {
  readonly clock: PlatformClock;
  /** Records rows that cannot be shown, and are left out. */
  readonly leftOut?: Pick<LeftOutRows, 'record' | 'delete' | 'clear'>;
  /** How long after its end a frozen contest holds the tiers of its participants, in days. */
  readonly holdDays?: number;
  /** Lowest rank at which a player is notified of being overtaken; 0: only players whose own result changed. */
  readonly top: number;
}

/** Current row by player; undefined for players who left. */
type Changes = ReadonlyMap<number, Score | undefined>;

/**
 * Publisher of one contest's leaderboard: compares the published rows with the platform's scores and publishes the
 * difference, the rows and their delta in one transaction. After any error, `superseded` included, its memory may be
 * wrong: load another.
 */
export class LeaderboardPublisher {
  readonly contestId: number;
  readonly rankChanges: RankChangePublisher;
  readonly #options: LeaderboardPublisherOptions;
  #head: LeaderboardHead;
  #order: readonly LeaderboardRow[];
  #rows: ReadonlyMap<number, LeaderboardRow>;
  /** Results that `#rows` follow from; undefined: not read yet. */
  #results: ResultChecksums | undefined;
  /** While it is frozen, what players are shown, and their pending rank changes; undefined: not read yet. */
  #shown: Pick<StoredLeaderboard, 'order' | 'pending'> | undefined;

  private constructor(options: LeaderboardPublisherOptions, contestId: number, stored: StoredLeaderboard) {
    this.#options = options;
    this.contestId = contestId;
    this.#head = stored.head;
    this.#order = stored.order;
    this.#rows = byPlayer(stored.order);
    const pending = stored.head.frozen ? new Map<number, number>() : stored.pending;
    this.rankChanges = new RankChangePublisher(options, contestId, pending);
  }

  /** Reads the published leaderboard, or creates it. @returns undefined when there is no such contest */
  static async load(
    options: LeaderboardPublisherOptions,
    contestId: number,
  ): Promise<LeaderboardPublisher | undefined> {
    const { database, clock } = options;
    const stored =
      (await readStoredLeaderboard(database, contestId)) ??
      (await createLeaderboard(database, contestId, clock, options.holdDays));
    return stored && new LeaderboardPublisher(options, contestId, stored);
  }

  /**
   * Publishes changed rows of these players, and of all whose result has changed as at the same moment; and a changed freeze.
   * @returns false when the contest no longer exists
   * @throws Problem `superseded` when another node has published meanwhile
   */
  async update(players: ReadonlySet<number> | 'all'): Promise<boolean> {
    const { database, clock, leftOut } = this.#options;
    const read = await readScoreSnapshot(database, this.contestId, players, this.#results, clock);
    if (!read) {
      await deleteLeaderboard(database, this.contestId);
      leftOut?.delete(this.contestId);
      return false;
    }
    const { contest, scores, freeze } = read;
    leftOut?.record(this.contestId, read.players, read.leftOut);
    if (contest.frozen) {
      await this.#updateShown(scores, read.players, contest, freeze);
      await this.#publishChanges(changesIn(this.#rows, scores, read.players), contest);
    } else {
      const changes = changesIn(this.#rows, await this.#withPublicTiers(scores), read.players);
      if (this.#head.frozen) await this.#unfreeze(changes, contest, freeze);
      else await this.#publishChanges(changes, contest);
    }
    this.#results = read.results;
    return true;
  }

  /** @throws Problem `superseded` when another node has published meanwhile */
  async publishRankChanges(): Promise<void> {
    if (!this.#head.frozen) await this.rankChanges.publish(this.#head, this.#rows);
  }

  /** Publishes what players are shown of a frozen leaderboard: at first as at the freeze, then newcomers and leavers. */
  async #updateShown(
    scores: ReadonlyMap<number, Score>,
    players: ReadonlySet<number> | 'all',
    contest: ContestState,
    known: FreezeRecord | undefined,
  ): Promise<void> {
    const { database, clock } = this.#options;
    const { contestId } = this;
    if (!this.#head.frozen) {
      const freeze = await recordFreeze(database, contestId);
      if (freeze.exact) {
        const all = players === 'all' ? scores : await readScores(database, contestId, 'all', clock);
        const shown = await this.#withPublicTiers(
          await readShownScores(database, clock, contestId, freeze, all, this.#rows),
        );
        await this.#publishChanges(changesIn(this.#rows, shown, 'all'), contest);
      }
      if (contest.live) await this.rankChanges.publish(this.#head, this.#rows, { freezing: true });
      return this.#freeze(contest);
    }
    const newcomers = new Set([...scores.keys()].filter((playerId) => !this.#rows.has(playerId)));
    const freeze =
      known?.frozen && newcomers.size === 0 ? known : await recordFreeze(database, contestId, newcomers);
    this.#shown ??= await this.#readShown();
    const { order, pending } = this.#shown;
    const before = byPlayer(order);
    const settled = await readSettledPlayers(database, contestId, freeze.freezeNo);
    const shown = await this.#withPublicTiers(
      await readShownScores(database, clock, contestId, freeze, scores, before, settled),
    );
    const changes = changesIn(before, shown, players);
    if (changes.size === 0) return;
    const step = stepOf(order, changes);
    const publication = publicationOf({ ...step, total: step.order.length }, contestId, this.#head, 'shown');
    this.#head = await publishVersion(this.#options, publication, this.#head, [
      ...upsertRows(contestId, 'shown', step.changed, publication.head.shownVersion, pending),
      ...deleteRows(contestId, 'shown', step.removed),
    ]);
    this.#shown = { order: step.order, pending };
  }

  #withPublicTiers(scores: Map<number, Score>): Promise<Map<number, Score>> {
    const { database, holdDays } = this.#options;
    return withPublicTiers(database, this.contestId, scores, holdDays);
  }

  async #readShown(): Promise<Pick<StoredLeaderboard, 'order' | 'pending'>> {
    const stored = await readStoredLeaderboard(this.#options.database, this.contestId, 'shown');
    return stored ?? { order: [], pending: new Map() };
  }

  async #publishChanges(changes: Changes, contest: ContestState): Promise<void> {
    if (changes.size === 0) return;
    const { contestId } = this;
    const step = stepOf(this.#order, changes);
    const rows = byPlayer(step.order);
    const moved =
      contest.live && !this.#head.frozen
        ? rankChangesBetween(this.#order, this.#rows, rows, this.#options.top)
        : new Map<number, number>();
    const added = this.rankChanges.withoutPending(moved);
    const change = { ...step, total: step.order.length };
    const publication = publicationOf(change, contestId, this.#head, this.#head.frozen ? 'real' : 'all');
    const guards = this.#rowGuards(step, publication.head.version, added);
    const head = await publishVersion(this.#options, publication, this.#head, guards);
    this.rankChanges.add(added);
    this.#replace(head, step.order, rows);
  }

  #rowGuards(step: Step, version: number, added: ReadonlyMap<number, number>): Precondition[] {
    const { contestId } = this;
    const audience = this.#head.frozen ? 'real' : 'shown';
    const written = new Set(step.changed.map(({ playerId }) => playerId));
    const pending = new Map([...this.rankChanges.pending, ...added]);
    return [
      ...upsertRows(contestId, audience, step.changed, version, pending),
      ...deleteRows(contestId, audience, step.removed),
      ...savePendingRankChanges(
        contestId,
        new Map([...added].filter(([playerId]) => !written.has(playerId))),
      ),
    ];
  }

  async #freeze({ title }: ContestState): Promise<void> {
    const { contestId } = this;
    const head = { ...this.#head, frozen: true };
    const draft = freezeDraft({ contestId, frozen: true, version: head.shownVersion }, title);
    const guards = [advanceHead(contestId, this.#head, head), forkFrozenBoard(contestId)];
    await this.#options.publisher.publishUnits([{ drafts: [draft], preconditions: guards }]);
    this.#shown = { order: this.#order, pending: new Map(this.rankChanges.pending) };
    this.rankChanges.clear();
    this.#head = head;
  }

  async #unfreeze(changes: Changes, contest: ContestState, freeze: FreezeRecord | undefined): Promise<void> {
    const { contestId } = this;
    // The delta below is relative to the last of them, and what is published from here on must not overtake them.
    await flushPaced(this.#options, contestId);
    const shown = await readStoredLeaderboard(this.#options.database, contestId, 'shown');
    if (!shown) return;
    const step = stepOf(this.#order, changes);
    const rows = byPlayer(step.order);
    const shownRows = byPlayer(shown.order);
    const change = unfreezeDelta(step.order, shownRows, this.#rows);
    const publication = publicationOf(change, contestId, this.#head, 'all');
    const { version } = publication.head;
    const moved = rankChangesBetween(shown.order, shownRows, rows, this.#options.top);
    // A change that was pending at the freeze, or that a reveal has shown, began earlier.
    for (const [playerId, from] of shown.pending) if (rows.has(playerId)) moved.set(playerId, from);
    const guards = [
      ...this.#rowGuards(step, version, new Map()),
      ...mergeFrozenBoard(contestId),
      ...savePendingRankChanges(contestId, moved),
      ...(freeze ? [{ sql: endFreeze(contestId, freeze) }] : []),
    ];
    const draft = freezeDraft({ contestId, frozen: false, version }, contest.title);
    const head = await publishVersion(this.#options, publication, this.#head, guards, [draft]);
    this.rankChanges.add(moved, { due: true });
    this.#shown = undefined;
    this.#replace(head, step.order, rows);
    // Those of the moment between the two.
    await flushPaced(this.#options, contestId);
    if (freeze) await deleteHeld(this.#options.database, contestId, freeze);
  }

  #replace(
    head: LeaderboardHead,
    order: readonly LeaderboardRow[],
    rows: ReadonlyMap<number, LeaderboardRow>,
  ): void {
    this.#head = head;
    this.#order = order;
    this.#rows = rows;
  }
}

/** Updates a leaderboard that no task polls, unless another node updates it at this moment. */
export async function refreshLeaderboard(
  options: LeaderboardPublisherOptions,
  contestId: number,
): Promise<void> {
  try {
    const publisher = await LeaderboardPublisher.load(options, contestId);
    await publisher?.update('all');
  } catch (error) {
    if (!(error instanceof Problem && error.code === 'superseded')) throw error;
  }
}

function freezeDraft(data: Omit<EventInput<'LEADERBOARD_FREEZE'>, 'contestTitle'>, title: string) {
  const contestTitle = title === '' ? {} : { contestTitle: title };
  return prepare('LEADERBOARD_FREEZE', { ...data, ...contestTitle }, { internal: true });
}

/** Changes from `rows` to `scores`, which are those of `players`. */
function changesIn(
  rows: ReadonlyMap<number, Score>,
  scores: ReadonlyMap<number, Score>,
  players: ReadonlySet<number> | 'all',
): Changes {
  const changes = new Map<number, Score | undefined>();
  for (const [playerId, score] of scores) {
    const before = rows.get(playerId);
    if (!before || !sameScore(before, score)) changes.set(playerId, score);
  }
  for (const playerId of players === 'all' ? rows.keys() : players)
    if (!scores.has(playerId) && rows.has(playerId)) changes.set(playerId, undefined);
  return changes;
}

function byPlayer(order: readonly LeaderboardRow[]): ReadonlyMap<number, LeaderboardRow> {
  return new Map(order.map((row) => [row.playerId, row]));
}
