import type { Guard, Unit } from '../log/append-statement.ts';
import { prepare } from '../log/prepare.ts';
import type { PlatformClock } from '../platform/clock.ts';
import { type ContestState, readContestState, readScores, type Score } from '../platform/scores.ts';
import type { BoardDelta, Standing } from '../protocol/board.ts';
import { Problem } from '../protocol/problem.ts';
import { createBoard, deleteBoard } from './creation.ts';
import { deltasOf, missedDelta } from './deltas.ts';
import { RankTeller, type TellerOptions } from './rank-change-publisher.ts';
import { movesBetween } from './rank-changes.ts';
import {
  deletesRows,
  joinsBoards,
  movesHead,
  notesMoves,
  partsBoards,
  writesRows,
} from './row-statements.ts';
import { type Step, sameScore, stepOf } from './step.ts';
import { type BoardHead, readBoard, type StoredBoard } from './stored-leaderboard.ts';

export interface KeeperOptions extends TellerOptions {
  readonly clock: PlatformClock;
  /** Within so many ranks those who are overtaken are told, too; 0: nobody but who moved. */
  readonly top: number;
}

type Changes = ReadonlyMap<number, Score | undefined>;

/**
 * The published board of one contest in the hands of the one who keeps it: compares it with the platform's rows and
 * publishes what changed, each time in one transaction with the rows of the tables. Whatever fails, and whoever else
 * published meanwhile, it is to be thrown away then, and a new one loaded.
 */
export class Keeper {
  readonly contestId: number;
  readonly teller: RankTeller;
  readonly #options: KeeperOptions;
  #head: BoardHead;
  #order: readonly Standing[];
  #rows: ReadonlyMap<number, Standing>;

  private constructor(options: KeeperOptions, contestId: number, board: StoredBoard) {
    this.#options = options;
    this.contestId = contestId;
    this.#head = board.head;
    this.#order = board.order;
    this.#rows = byPlayer(board.order);
    this.teller = new RankTeller(options, contestId, board.head.frozen ? new Map() : board.told);
  }

  /** Takes over the board as it was published, or makes it. @returns undefined when there is no such contest */
  static async load(options: KeeperOptions, contestId: number): Promise<Keeper | undefined> {
    const { database, clock } = options;
    const board =
      (await database.transaction((tx) => readBoard(tx, contestId))) ??
      (await createBoard(database, contestId, clock));
    return board && new Keeper(options, contestId, board);
  }

  /**
   * Publishes what became of the rows of these players, and of the freeze.
   * @returns whether there still is such a contest
   */
  async update(players: ReadonlySet<number> | 'all'): Promise<boolean> {
    const { database, clock } = this.#options;
    const scores = await readScores(database, this.contestId, players, clock);
    // Behind the scores: while this says that they may be shown, nothing that came after a freeze is among them.
    const contest = await readContestState(database, this.contestId);
    if (!contest) {
      await deleteBoard(database, this.contestId);
      return false;
    }
    const changes = this.#changesIn(scores, players);
    if (contest.frozen && !this.#head.frozen) await this.#freeze(contest);
    if (!contest.frozen && this.#head.frozen) await this.#unfreeze(changes, contest);
    else if (changes.size > 0) await this.#move(changes, contest);
    return true;
  }

  /** Tells whose rank has moved. */
  async tellRanks(): Promise<void> {
    if (!this.#head.frozen) await this.teller.tell(this.#head, this.#rows);
  }

  #changesIn(scores: ReadonlyMap<number, Score>, players: ReadonlySet<number> | 'all'): Changes {
    const changes = new Map<number, Score | undefined>();
    for (const [playerId, score] of scores) {
      const before = this.#rows.get(playerId);
      if (!before || !sameScore(before, score)) changes.set(playerId, score);
    }
    for (const playerId of players === 'all' ? this.#rows.keys() : players)
      if (!scores.has(playerId) && this.#rows.has(playerId)) changes.set(playerId, undefined);
    return changes;
  }

  async #move(changes: Changes, contest: ContestState): Promise<void> {
    const { contestId } = this;
    const { frozen, version, shownVersion } = this.#head;
    const step = stepOf(this.#order, changes);
    const rows = byPlayer(step.order);
    const moves =
      contest.live && !frozen
        ? this.teller.fresh(movesBetween(this.#order, this.#rows, rows, this.#options.top))
        : new Map<number, number>();
    const total = step.order.length;
    const deltas = deltasOf({ ...step, total }, { contestId, from: version, after: version, real: frozen });
    const next = deltas?.at(-1)?.version ?? version + 2;
    const head = { version: next, shownVersion: frozen ? shownVersion : next, frozen };
    await this.#publish(head, deltas ?? [missedDelta(contestId, next, total, frozen)], deltas === undefined, [
      ...this.#rowGuards(step, next, moves),
    ]);
    this.teller.note(moves);
    this.#take(head, step.order, rows);
  }

  #rowGuards(step: Step, version: number, moves: ReadonlyMap<number, number>): Guard[] {
    const { contestId, teller } = this;
    const audience = this.#head.frozen ? 'real' : 'shown';
    const written = new Set(step.changed.map(({ playerId }) => playerId));
    const told = new Map([...teller.waiting, ...moves]);
    return [
      ...writesRows(contestId, audience, step.changed, version, told),
      ...deletesRows(contestId, audience, step.removed),
      ...notesMoves(contestId, new Map([...moves].filter(([playerId]) => !written.has(playerId)))),
    ];
  }

  /** What stands is shown from here on, until it is unfrozen. */
  async #freeze({ title }: ContestState): Promise<void> {
    const { contestId } = this;
    const head = { ...this.#head, frozen: true };
    const data = { contestId, contestTitle: title, frozen: true, version: head.shownVersion };
    await this.#append([freezeDraft(data)], [movesHead(contestId, this.#head, head), partsBoards(contestId)]);
    this.teller.forget();
    this.#head = head;
  }

  /** Everybody is carried to what is now, wherever they stood: players at the freeze, admins at the last real version. */
  async #unfreeze(changes: Changes, contest: ContestState): Promise<void> {
    const { contestId } = this;
    const shown = await this.#options.database.transaction((tx) => readBoard(tx, contestId, 'shown'));
    if (!shown) return;
    const { version, shownVersion } = this.#head;
    const step = stepOf(this.#order, changes);
    const rows = byPlayer(step.order);
    const before = byPlayer(shown.order);
    const differs = (row: Standing, known: ReadonlyMap<number, Standing>) => {
      const old = known.get(row.playerId);
      return !old || old.rank !== row.rank || !sameScore(old, row);
    };
    const total = step.order.length;
    const revealed = {
      changed: step.order.filter((row) => differs(row, before) || differs(row, this.#rows)),
      removed: [...new Set([...before.keys(), ...this.#rows.keys()])].filter(
        (playerId) => !rows.has(playerId),
      ),
      shifts: [],
      total,
    };
    const deltas = deltasOf(revealed, { contestId, from: shownVersion, after: version, real: false });
    const next = deltas?.at(-1)?.version ?? version + 2;
    const head = { version: next, shownVersion: next, frozen: false };
    const moves = contest.live
      ? movesBetween(shown.order, before, rows, this.#options.top)
      : new Map<number, number>();
    // A move that was still to be told when it was frozen began further back.
    if (contest.live)
      for (const [playerId, from] of shown.told) if (rows.has(playerId)) moves.set(playerId, from);
    await this.#publish(
      head,
      deltas ?? [missedDelta(contestId, next, total, false)],
      deltas === undefined,
      [...this.#rowGuards(step, next, new Map()), ...joinsBoards(contestId), ...notesMoves(contestId, moves)],
      [freezeDraft({ contestId, contestTitle: contest.title, frozen: false, version: next })],
    );
    this.teller.note(moves, { now: true });
    this.#take(head, step.order, rows);
  }

  /**
   * Appends deltas with the rows they tell of. What is too much for an append is written before it: the delta then only
   * says that something was missed, and says it again if it is published late or not at all.
   */
  async #publish(
    head: BoardHead,
    deltas: readonly BoardDelta[],
    apart: boolean,
    rowGuards: readonly Guard[],
    first: Unit['drafts'] = [],
  ): Promise<void> {
    const guards = [movesHead(this.contestId, this.#head, head), ...rowGuards];
    const drafts = [
      ...first,
      ...deltas.map((delta) => prepare('LEADERBOARD_UPDATE', delta, { internal: true })),
    ];
    if (!apart) return this.#append(drafts, guards);
    await this.#options.database.transaction(async (tx) => {
      for (const { sql, changes } of guards) {
        const { affectedRows } = await tx.execute(sql);
        if (changes !== undefined && affectedRows !== changes) throw new Problem('superseded');
      }
    });
    await this.#append(drafts, []);
  }

  async #append(drafts: Unit['drafts'], guards: readonly Guard[]): Promise<void> {
    await this.#options.publisher.publishUnits([{ drafts, with: guards }]);
  }

  #take(head: BoardHead, order: readonly Standing[], rows: ReadonlyMap<number, Standing>): void {
    this.#head = head;
    this.#order = order;
    this.#rows = rows;
  }
}

function freezeDraft(data: { contestId: number; contestTitle: string; frozen: boolean; version: number }) {
  const { contestTitle, ...rest } = data;
  return prepare('LEADERBOARD_FREEZE', contestTitle === '' ? rest : data, { internal: true });
}

function byPlayer(order: readonly Standing[]): ReadonlyMap<number, Standing> {
  return new Map(order.map((row) => [row.playerId, row]));
}
