import type { Cell } from '../protocol/cells.ts';
import {
  applyDelta,
  type LeaderboardDelta,
  type LeaderboardRow,
  type LeaderboardSnapshot,
  type LeaderboardState,
  relevance,
} from '../protocol/leaderboard.ts';
import { scopes } from '../protocol/scope.ts';
import { followCells } from './cells.ts';
import type { BoardOptions, BoardRow, BoardView, LeaderboardBoard, LiveClient } from './types.ts';

/** Cells of a player who has none. */
const NONE: readonly Cell[] = [];

/**
 * Leaderboard of a contest, from the client's stream: a snapshot, then deltas, each with the version before it. After a gap
 * it opens a fresh stream, which starts with a new snapshot.
 */
export function createBoard(
  client: LiveClient,
  contestId: number,
  { cells: withCells = false, now = Date.now }: BoardOptions = {},
): LeaderboardBoard {
  const listeners = new Set<() => void>();
  let state: LeaderboardState | undefined;
  let shown: ReadonlyMap<number, BoardRow> = new Map();
  let frozen = false;
  let stale = false;
  let view: BoardView | undefined;
  /** Rows as they were shown last, with their cells. */
  let withTheirs: ReadonlyMap<number, BoardRow> = new Map();
  /** The row without cells that each of them was made of. */
  const sources = new WeakMap<BoardRow, BoardRow>();
  const cells = withCells
    ? followCells(client, contestId, { onChange: notify, onMissed: requestSnapshot })
    : undefined;

  const stops = [
    client.on('leaderboard-snapshot', (snapshot) => {
      if (snapshot.contestId === contestId) applySnapshot(snapshot);
    }),
    client.on('leaderboard-update', ({ data }) => {
      if (data.contestId === contestId) applyChange(data);
    }),
    client.on('leaderboard-freeze', ({ data }) => {
      if (data.contestId !== contestId || !state) return;
      frozen = data.frozen;
      notify();
    }),
    // Outdated until the snapshot that follows.
    client.on('reset', ({ lost }) => {
      if (!lost || !state) return;
      cells?.reset();
      stale = true;
      notify();
    }),
  ];

  // The snapshot comes at the start of a stream: the current one began before this leaderboard existed.
  const begun = client.state === 'open' || client.state === 'catching-up';
  const wanted = withCells ? scopes.cells(contestId) : scopes.leaderboard(contestId);
  if (begun && client.scopes.includes(wanted)) requestSnapshot();

  /** Opens a fresh stream. An error shows in the connection's status; the next stream has a snapshot in any case. */
  function requestSnapshot(): void {
    client.resync().catch(() => {});
  }

  function applySnapshot(snapshot: LeaderboardSnapshot): void {
    // During a change of streams, the older snapshot may arrive later.
    if (state && !stale && snapshot.version < state.version) return;
    const rows = new Map(snapshot.rows.map((row) => [row.playerId, row]));
    const before = state;
    state = { version: snapshot.version, total: snapshot.total, rows };
    frozen = snapshot.frozen;
    stale = false;
    show(before, state);
    notify();
  }

  function applyChange(delta: LeaderboardDelta): void {
    if (!state || stale) return;
    const found = relevance(delta, state.version);
    if (found === 'old') return;
    const after = applyDelta(state, delta);
    if (after) {
      show(state, after);
      state = after;
    } else {
      stale = true;
      requestSnapshot();
    }
    notify();
  }

  /** Updates the rows shown. Unchanged rows stay the same objects. */
  function show(before: LeaderboardState | undefined, after: LeaderboardState): void {
    const next = new Map<number, BoardRow>();
    for (const [playerId, row] of after.rows) {
      const old = before?.rows.get(playerId);
      const known = shown.get(playerId);
      next.set(playerId, known && old === row ? known : moved(row, before === undefined, old, known));
    }
    shown = next;
  }

  function moved(
    row: LeaderboardRow,
    first: boolean,
    old: LeaderboardRow | undefined,
    known: BoardRow | undefined,
  ): BoardRow {
    if (first) return { ...row, previousRank: undefined, changedAt: undefined };
    if (old?.rank !== row.rank) return { ...row, previousRank: old?.rank, changedAt: now() };
    const scored = old.finalRating !== row.finalRating || old.problemsSolved !== row.problemsSolved;
    return { ...row, previousRank: known?.previousRank, changedAt: scored ? now() : known?.changedAt };
  }

  function notify(): void {
    view = undefined;
    for (const listener of [...listeners]) listener();
  }

  function buildView(): BoardView | undefined {
    if (!state) return undefined;
    const rows = [...rowsWithCells()].sort((a, b) => a.rank - b.rank || a.playerId - b.playerId);
    const problems = cells?.problems ? { problems: cells.problems } : {};
    return { contestId, version: state.version, frozen, total: state.total, rows, ...problems, stale };
  }

  /** Rows of which neither values nor cells have changed stay the same objects. */
  function rowsWithCells(): Iterable<BoardRow> {
    if (cells?.problems === undefined) return shown.values();
    const next = new Map<number, BoardRow>();
    for (const [playerId, row] of shown) {
      const own = cells.cellsOf(playerId) ?? NONE;
      const known = withTheirs.get(playerId);
      const same = known?.cells === own && sources.get(known) === row;
      const merged = same ? known : { ...row, cells: own };
      sources.set(merged, row);
      next.set(playerId, merged);
    }
    withTheirs = next;
    return next.values();
  }

  return {
    contestId,
    get view() {
      view ??= buildView();
      return view;
    },
    subscribe(listener) {
      const own = () => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    close() {
      for (const stop of stops) stop();
      cells?.close();
      listeners.clear();
    },
  };
}
