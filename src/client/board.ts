import {
  applyDelta,
  type Board,
  type BoardDelta,
  type BoardSnapshot,
  relevance,
  type Standing,
} from '../protocol/board.ts';
import { scopes } from '../protocol/scope.ts';
import type { BoardRow, BoardView, LeaderboardBoard, LiveClient } from './types.ts';

/**
 * A contest's standings as the client's stream tells them: a snapshot, then changes, each of which proves that nothing
 * was missed before it. Where something was, the stream is opened afresh, which brings a new snapshot.
 * @param now the time that rows are said to have changed at, ms since 1970
 */
export function createBoard(
  client: LiveClient,
  contestId: number,
  now: () => number = Date.now,
): LeaderboardBoard {
  const listeners = new Set<() => void>();
  let board: Board | undefined;
  let shown: ReadonlyMap<number, BoardRow> = new Map();
  let frozen = false;
  let stale = false;
  let view: BoardView | undefined;

  const stops = [
    client.on('leaderboard-snapshot', (snapshot) => {
      if (snapshot.contestId === contestId) take(snapshot);
    }),
    client.on('leaderboard-update', ({ data }) => {
      if (data.contestId === contestId) change(data);
    }),
    client.on('leaderboard-freeze', ({ data }) => {
      if (data.contestId !== contestId || !board) return;
      frozen = data.frozen;
      tell();
    }),
    // The snapshot that follows says how things stand; until then nothing is known.
    client.on('reset', ({ lost }) => {
      if (!lost || !board) return;
      stale = true;
      tell();
    }),
  ];

  // Standings come whole as a stream begins: the one there is has begun without this board.
  const begun = client.state === 'open' || client.state === 'catching-up';
  if (begun && client.scopes.includes(scopes.leaderboard(contestId))) readAgain();

  /** A refusal shows in the connection's status; the next stream brings a snapshot in any case. */
  function readAgain(): void {
    client.resync().catch(() => {});
  }

  function take(snapshot: BoardSnapshot): void {
    // Of two streams, one taking over from the other, the older snapshot may come later.
    if (board && !stale && snapshot.version < board.version) return;
    const rows = new Map(snapshot.rows.map((row) => [row.playerId, row]));
    const before = board;
    board = { version: snapshot.version, total: snapshot.total, rows };
    frozen = snapshot.frozen;
    stale = false;
    show(before, board);
    tell();
  }

  function change(delta: BoardDelta): void {
    if (!board || stale) return;
    const found = relevance(delta, board.version);
    if (found === 'old') return;
    const after = applyDelta(board, delta);
    if (after) {
      show(board, after);
      board = after;
    } else {
      stale = true;
      readAgain();
    }
    tell();
  }

  /** Rows of which nothing changed stay the same objects. */
  function show(before: Board | undefined, after: Board): void {
    const next = new Map<number, BoardRow>();
    for (const [playerId, row] of after.rows) {
      const old = before?.rows.get(playerId);
      const known = shown.get(playerId);
      next.set(playerId, known && old === row ? known : moved(row, before === undefined, old, known));
    }
    shown = next;
  }

  function moved(
    row: Standing,
    first: boolean,
    old: Standing | undefined,
    known: BoardRow | undefined,
  ): BoardRow {
    if (first) return { ...row, previousRank: undefined, changedAt: undefined };
    if (old?.rank !== row.rank) return { ...row, previousRank: old?.rank, changedAt: now() };
    const scored = old.finalRating !== row.finalRating || old.problemsSolved !== row.problemsSolved;
    return { ...row, previousRank: known?.previousRank, changedAt: scored ? now() : known?.changedAt };
  }

  function tell(): void {
    view = undefined;
    for (const listener of [...listeners]) listener();
  }

  function look(): BoardView | undefined {
    if (!board) return undefined;
    const rows = [...shown.values()].sort((a, b) => a.rank - b.rank || a.playerId - b.playerId);
    return { contestId, version: board.version, frozen, total: board.total, rows, stale };
  }

  return {
    contestId,
    get view() {
      view ??= look();
      return view;
    },
    subscribe(listener) {
      const own = () => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    close() {
      for (const stop of stops) stop();
      listeners.clear();
    },
  };
}
