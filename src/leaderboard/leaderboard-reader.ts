import type { Database } from '../db/database.ts';
import type { LogRow } from '../log/row.ts';
import type { PlatformClock } from '../platform/clock.ts';
import { applyDelta, type Board, type BoardDelta, relevance } from '../protocol/board.ts';
import { scopeKind } from '../protocol/scope.ts';
import { createBoard } from './creation.ts';
import { BoardView } from './leaderboard-view.ts';
import { type Audience, type BoardHead, readBoard, readBoardHead } from './stored-leaderboard.ts';

export interface BoardsOptions {
  readonly database: Pick<Database, 'query' | 'transaction'>;
  readonly clock: PlatformClock;
  /** Brings the board of a contest that is long over, where nobody looks for changes, up to what the platform's rows say. */
  readonly review?: (contestId: number) => Promise<void>;
}

/** How long a change that is on its way in the log is waited for before the board is read again, in ms. */
const PATIENCE_MS = 100;
/** So often a board that moves on while it is looked at is looked at again, before it is read behind a lock. */
const TRIES = 8;
/** A board that nobody asked for is let go after so long, and one that is asked for is reviewed as often at most. Ms. */
const IDLE_MS = 60_000;

/** A board as this node follows it. */
interface Followed {
  readonly contestId: number;
  readonly audience: Audience;
  board: Board;
  view: BoardView | undefined;
  usedAt: number;
  readonly waiting: Set<() => void>;
}

/** The last time that a board was looked after by this node. */
interface Review {
  readonly at: number;
  underWay: Promise<void> | undefined;
}

/**
 * The published boards, as this node has them: each is read once, shared by all who ask, and followed through the log.
 * Whatever is handed out stands at exactly the version that the tables name at that moment, or a later one.
 */
export class Boards {
  readonly #options: BoardsOptions;
  readonly #followed = new Map<string, Followed>();
  readonly #loading = new Map<
    string,
    { readonly missed: BoardDelta[]; readonly done: Promise<BoardView | undefined> }
  >();
  readonly #reviews = new Map<number, Review>();
  #sweptAt = 0;

  constructor(options: BoardsOptions) {
    this.#options = options;
  }

  /**
   * The board of a contest; it is made if nobody had asked for it before.
   * @param seesReal whether whoever asks is shown the real standings while they are frozen
   * @returns undefined when there is no such contest
   */
  async read(contestId: number, seesReal: boolean): Promise<BoardView | undefined> {
    const { database, clock } = this.#options;
    this.#sweep();
    for (let tries = 0; tries < TRIES; tries++) {
      const head =
        (await readBoardHead(database, contestId)) ?? (await createBoard(database, contestId, clock))?.head;
      if (!head) return undefined;
      if ('watched' in head && !head.watched && (await this.#review(contestId))) continue;
      const { audience, version } = standOf(head, seesReal);
      const key = `${contestId}/${audience}`;
      const followed = this.#followed.get(key);
      if (followed) {
        if (followed.board.version < version && !(await reaches(followed, version)))
          this.#followed.delete(key);
        else if (followed.board.version === version) return viewOf(followed, head.frozen);
        continue;
      }
      const loading = this.#loading.get(key);
      if (loading) await loading.done.catch(() => {});
      else return this.#load(key, contestId, audience);
    }
    const stored = await database.transaction((tx) =>
      readBoard(tx, contestId, seesReal ? undefined : 'shown'),
    );
    if (!stored) return undefined;
    const { version } = standOf(stored.head, seesReal);
    return new BoardView(contestId, version, stored.head.frozen, stored.order);
  }

  /** Rows of the log, before any stream is given them. */
  observe(rows: readonly LogRow[]): void {
    if (this.#followed.size === 0 && this.#loading.size === 0) return;
    for (const row of rows) {
      if (row.type !== 'LEADERBOARD_UPDATE' && row.type !== 'LEADERBOARD_FREEZE') continue;
      const kind = scopeKind(row.scope);
      if (kind !== 'leaderboard' && kind !== 'real') continue;
      const contestId = Number(row.scope.split(':')[1]);
      // From here on admins see what players are shown, or rows of their own again.
      if (row.type === 'LEADERBOARD_FREEZE') this.#followed.delete(`${contestId}/real`);
      else this.#advance(`${contestId}/${kind === 'real' ? 'real' : 'shown'}`, row);
    }
  }

  /** The log was reset: nothing of it can be followed any more. */
  reset(): void {
    this.#followed.clear();
  }

  #advance(key: string, row: LogRow): void {
    const followed = this.#followed.get(key);
    const loading = this.#loading.get(key);
    if (!followed && !loading) return;
    const delta = JSON.parse(row.data) as BoardDelta;
    loading?.missed.push(delta);
    if (followed && !advance(followed, delta)) this.#followed.delete(key);
  }

  #load(key: string, contestId: number, audience: Audience): Promise<BoardView | undefined> {
    const missed: BoardDelta[] = [];
    const done = this.#options.database
      .transaction((tx) => readBoard(tx, contestId, audience))
      .then((stored) => {
        this.#loading.delete(key);
        if (!stored) return undefined;
        const { version } = standOf(stored.head, audience === 'real');
        const view = new BoardView(contestId, version, stored.head.frozen, stored.order);
        // What was read may be of a time when these rows were no longer, or not yet, what this audience sees.
        if (audience === 'real' && !stored.head.frozen) return this.read(contestId, true);
        const rows = new Map(stored.order.map((standing) => [standing.playerId, standing]));
        const board = { version, total: rows.size, rows };
        const followed = {
          contestId,
          audience,
          board,
          view,
          usedAt: performance.now(),
          waiting: new Set<() => void>(),
        };
        if (missed.every((delta) => advance(followed, delta))) this.#followed.set(key, followed);
        return view;
      })
      .finally(() => this.#loading.delete(key));
    this.#loading.set(key, { missed, done });
    return done;
  }

  /** Has a board looked after, once a minute at most. @returns whether it was, just now */
  async #review(contestId: number): Promise<boolean> {
    const { review } = this.#options;
    if (!review) return false;
    const last = this.#reviews.get(contestId);
    if (last && performance.now() - last.at < IDLE_MS) {
      const { underWay } = last;
      await underWay;
      return underWay !== undefined;
    }
    const made: Review = { at: performance.now(), underWay: undefined };
    this.#reviews.set(contestId, made);
    made.underWay = review(contestId).finally(() => {
      made.underWay = undefined;
    });
    await made.underWay;
    return true;
  }

  #sweep(): void {
    const now = performance.now();
    if (now - this.#sweptAt < IDLE_MS / 4) return;
    this.#sweptAt = now;
    for (const [key, { usedAt }] of this.#followed) if (now - usedAt > IDLE_MS) this.#followed.delete(key);
    for (const [contestId, { at }] of this.#reviews) if (now - at > IDLE_MS) this.#reviews.delete(contestId);
  }
}

/** Which board it is, and at which version it has to be. */
function standOf(head: BoardHead, seesReal: boolean): { audience: Audience; version: number } {
  return head.frozen && seesReal
    ? { audience: 'real', version: head.version }
    : { audience: 'shown', version: head.shownVersion };
}

/** @returns whether it could be followed */
function advance(followed: Followed, delta: BoardDelta): boolean {
  if (relevance(delta, followed.board.version) === 'old') return true;
  const board = applyDelta(followed.board, delta);
  if (!board) {
    wake(followed);
    return false;
  }
  followed.board = board;
  followed.view = undefined;
  wake(followed);
  return true;
}

function wake({ waiting }: Followed): void {
  for (const resume of waiting) resume();
  waiting.clear();
}

/** Waits a moment until it is at `version`. */
async function reaches(followed: Followed, version: number): Promise<boolean> {
  const patience = performance.now() + PATIENCE_MS;
  while (followed.board.version < version) {
    const ms = patience - performance.now();
    if (ms <= 0) return false;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      followed.waiting.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
  return true;
}

function viewOf(followed: Followed, frozen: boolean): BoardView {
  followed.usedAt = performance.now();
  const { contestId, board } = followed;
  if (followed.view?.frozen !== frozen) followed.view = BoardView.of(contestId, board, frozen);
  return followed.view;
}
