import type { Database, Queries } from '../../db/database.ts';
import { fitsPacket, readPacketLimit } from '../../db/packet-limit.ts';
import type { LogPublisher } from '../../events/log-publisher.ts';
import { prepare } from '../../events/prepare.ts';
import type { PlatformClock } from '../../platform/clock.ts';
import { recordFreeze } from '../../platform/freeze.ts';
import { type CellsContest, readCellsContest, readSubmissions } from '../../platform/submissions.ts';
import type { EventInput } from '../../protocol/event.ts';
import { Problem } from '../../protocol/problem.ts';
import { type OpenedCells, readOpenedCells } from '../reveal/reveal-rows.ts';
import { CellsBoard } from './cells-board.ts';
import {
  advanceCells,
  type CellsAudience,
  type CellsChange,
  cellsJson,
  createHead,
  deleteCells,
  readStoredCells,
  type StoredCells,
  upsertCells,
} from './cells-rows.ts';
import type { LeftOutCells } from './left-out-cells.ts';

export interface CellsPublisherOptions {
  readonly database: Pick<Database, 'query' | 'execute' | 'transaction'>;
  readonly publisher: Pick<LogPublisher, 'publishUnits'>;
  readonly clock: PlatformClock;
  readonly leftOut?: Pick<LeftOutCells, 'record' | 'delete' | 'clear'>;
}

/** Max size of the cells in one delta, in characters. */
const MAX_DELTA = 200_000;

/**
 * Publisher of the cells of one contest for one audience: compares what follows from the platform's submissions with what was
 * published, and publishes the difference, rows and delta in one transaction. After any error its memory may be wrong: load another.
 */
export class CellsPublisher {
  readonly contestId: number;
  readonly audience: CellsAudience;
  readonly #options: CellsPublisherOptions;
  readonly #board = new CellsBoard();
  readonly #rows: Map<number, string>;
  #version: number;
  #problems: readonly number[];
  /** Cells that the database does not take at once, by player: those of a player are left out until they change. */
  readonly #tooLarge = new Map<number, string>();
  /** The freeze that the board was computed with: another one changes every row. */
  #freeze: string | undefined;

  private constructor(
    options: CellsPublisherOptions,
    contestId: number,
    audience: CellsAudience,
    stored: StoredCells,
  ) {
    this.#options = options;
    this.contestId = contestId;
    this.audience = audience;
    this.#version = stored.version;
    this.#problems = stored.problems;
    this.#rows = new Map(stored.rows);
  }

  /** Reads the published cells. @returns undefined where they were never requested, or the contest is gone */
  static async load(
    options: CellsPublisherOptions,
    contestId: number,
    audience: CellsAudience,
  ): Promise<CellsPublisher | undefined> {
    const stored = await readStoredCells(options.database, contestId, audience);
    return stored && new CellsPublisher(options, contestId, audience, stored);
  }

  /**
   * Publishes what has changed of these players.
   * @returns false when the contest no longer exists
   * @throws Problem `superseded` when another node has published meanwhile
   */
  async update(players: ReadonlySet<number> | 'all'): Promise<boolean> {
    const { database, clock } = this.#options;
    const { contestId, audience } = this;
    // Before the submissions: while it is not frozen here, those that a freeze hides are hidden by the next update at the latest.
    const contest = await readContest(this.#options, contestId);
    if (!contest) {
      await database.transaction((tx) => deleteCells(tx, contestId));
      return false;
    }
    const opened = await readOpened(database, contestId, audience, contest);
    const freeze = `${contest.startsAt}/${contest.frozenAt}/${contest.frozen}/${opened.step}`;
    const all = freeze === this.#freeze ? players : 'all';
    const submissions = await readSubmissions(database, clock, contestId, all);
    // A freeze that began between the two reads may have hidden some of them.
    const after = await readContest(this.#options, contestId);
    if (after?.frozen !== contest.frozen || after?.frozenAt !== contest.frozenAt) return this.update('all');
    this.#freeze = freeze;
    const changed = this.#board.replace(all, submissions, contest, audience === 'shown', opened.problems);
    if (all === 'all') for (const playerId of this.#rows.keys()) changed.add(playerId);
    await this.#publish(changed, contest);
    this.#options.leftOut?.record(contestId, audience, new Set(this.#tooLarge.keys()));
    return true;
  }

  async #publish(players: ReadonlySet<number>, { problems }: CellsContest): Promise<void> {
    const changed: [number, string][] = [];
    const removed: number[] = [];
    for (const playerId of players) {
      const cells = this.#board.cells(playerId);
      const json = cells && cellsJson(cells);
      if (json !== this.#tooLarge.get(playerId)) this.#tooLarge.delete(playerId);
      if (json === this.#rows.get(playerId) || this.#tooLarge.has(playerId)) continue;
      if (json === undefined) removed.push(playerId);
      else changed.push([playerId, json]);
    }
    const newProblems = JSON.stringify(problems) !== JSON.stringify(this.#problems);
    if (changed.length === 0 && removed.length === 0 && !newProblems) return;
    for (const [index, page] of pagesOf(changed).entries())
      await this.#publishInParts({ problems, changed: page, removed: index === 0 ? removed : [] });
  }

  /** Publishes a change, in halves where it exceeds what the database takes at once. */
  async #publishInParts(change: CellsChange): Promise<void> {
    const { changed } = change;
    try {
      await this.#publishPage(change);
    } catch (error) {
      const [alone] = changed;
      if (!(error instanceof Problem && error.code === 'body-too-large') || !alone) throw error;
      if (changed.length === 1) return this.#leaveOut(alone, change);
      const middle = changed.length >> 1;
      await this.#publishInParts({ ...change, changed: changed.slice(0, middle) });
      await this.#publishInParts({ ...change, changed: changed.slice(middle), removed: [] });
    }
  }

  /** Publishes a change without the cells of its only player, which exceed what the database takes at once. */
  async #leaveOut([playerId, json]: readonly [number, string], change: CellsChange): Promise<void> {
    this.#tooLarge.set(playerId, json);
    const removed = this.#rows.has(playerId) ? [...change.removed, playerId] : change.removed;
    const newProblems = JSON.stringify(change.problems) !== JSON.stringify(this.#problems);
    if (removed.length > 0 || newProblems) await this.#publishPage({ ...change, changed: [], removed });
  }

  async #publishPage(change: CellsChange): Promise<void> {
    const { contestId, audience } = this;
    const { problems, changed, removed } = change;
    const delta: EventInput<'CELLS_UPDATE'> = {
      contestId,
      previous: this.#version,
      version: this.#version + 1,
      ...(JSON.stringify(problems) === JSON.stringify(this.#problems) ? {} : { problems: [...problems] }),
      changed: changed.map(([playerId]) => ({ playerId, cells: [...(this.#board.cells(playerId) ?? [])] })),
      removed: [...removed],
      ...(audience === 'real' ? { real: true } : {}),
    };
    await this.#options.publisher.publishUnits([
      {
        drafts: [prepare('CELLS_UPDATE', delta, { internal: true })],
        preconditions: advanceCells(contestId, audience, this.#version, change),
        // Always: those of a freeze and of the time after it stay in order.
        paced: audience === 'real',
      },
    ]);
    this.#version += 1;
    this.#problems = problems;
    for (const [playerId, json] of changed) this.#rows.set(playerId, json);
    for (const playerId of removed) this.#rows.delete(playerId);
  }
}

/**
 * Creates the cells of a contest from its submissions, once, whichever node is first.
 * @returns false when there is no such contest
 */
export async function createCells(
  options: Pick<CellsPublisherOptions, 'database' | 'clock'>,
  contestId: number,
  audience: CellsAudience,
): Promise<boolean> {
  const { database, clock } = options;
  const contest = await readContest(options, contestId);
  if (!contest) return false;
  return database.transaction(async (tx) => {
    const { affectedRows } = await tx.execute(createHead(contestId, audience, contest.problems));
    if (affectedRows !== 1) return true;
    const submissions = await readSubmissions(tx, clock, contestId, 'all');
    // Again: some of them may be from after a freeze that began meanwhile.
    const now = await readCellsContest(tx, clock, contestId);
    if (!now) return false;
    const opened = await readOpened(tx, contestId, audience, now);
    const board = new CellsBoard();
    board.replace('all', submissions, now, audience === 'shown', opened.problems);
    const rows = [...board.players].map(
      (playerId) => [playerId, cellsJson(board.cells(playerId) ?? [])] as const,
    );
    // Cells of one player that do not fit: the next update leaves them out, and names them.
    const limit = await readPacketLimit(tx);
    for (const sql of upsertCells(contestId, audience, rows))
      if (fitsPacket(sql, limit)) await tx.execute(sql);
    return true;
  });
}

/** Reads what a reveal has opened of the cells that players are shown. */
async function readOpened(
  database: Pick<Queries, 'query'>,
  contestId: number,
  audience: CellsAudience,
  { frozen }: CellsContest,
): Promise<OpenedCells> {
  if (!frozen || audience === 'real') return { step: 0, problems: new Map() };
  return readOpenedCells(database, contestId);
}

/** Reads a contest, and records its freeze where no trigger has. */
async function readContest(
  { database, clock }: Pick<CellsPublisherOptions, 'database' | 'clock'>,
  contestId: number,
): Promise<CellsContest | undefined> {
  const contest = await readCellsContest(database, clock, contestId);
  if (!contest?.frozen || contest.frozenAt !== null) return contest;
  await database.transaction((tx) => recordFreeze(tx, contestId));
  return readCellsContest(database, clock, contestId);
}

/** Splits rows into pages of about `MAX_DELTA`; at least one. */
function pagesOf(rows: readonly (readonly [number, string])[]): (readonly (readonly [number, string])[])[] {
  const pages: (readonly [number, string])[][] = [[]];
  let size = 0;
  for (const row of rows) {
    if (size > MAX_DELTA) {
      pages.push([]);
      size = 0;
    }
    pages.at(-1)?.push(row);
    size += row[1].length;
  }
  return pages;
}
