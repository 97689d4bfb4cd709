import type { Queries } from '../../src/db/database.ts';
import type { Standing } from '../../src/protocol/board.ts';
import { BoardClient } from './board-client.ts';
import type { TestService } from './service.ts';

/** Standings that follow at once. */
export const FAST = {
  STANDINGS_INTERVAL_MS: '20',
  STANDINGS_CHECK_MS: '50',
  RANK_CHANGE_WINDOW_MS: '150',
  MAX_STREAMS_PER_PLAYER: '1000',
};

export interface Page {
  readonly version: number;
  readonly frozen: boolean;
  readonly total: number;
  readonly offset: number;
  readonly rows: Standing[];
  readonly cursor: string;
}

export const clientOf = (live: Pick<TestService, 'url'>, contestId: number, token: string) =>
  new BoardClient(`${live.url}/streams/contests/${contestId}/leaderboard`, token);

export function getBoard(
  live: Pick<TestService, 'url'>,
  contestId: number,
  token: string,
  query = '',
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${live.url}/contests/${contestId}/leaderboard?${query}`, {
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
}

export const readPage = async (...args: Parameters<typeof getBoard>): Promise<Page> =>
  (await (await getBoard(...args)).json()) as Page;

/** All rows over REST, page by page. */
export async function readWhole(
  live: Pick<TestService, 'url'>,
  contestId: number,
  token: string,
): Promise<Standing[]> {
  const rows: Standing[] = [];
  for (;;) {
    const page = await readPage(live, contestId, token, `limit=200&offset=${rows.length}`);
    rows.push(...page.rows);
    if (rows.length >= page.total || page.rows.length === 0) return rows;
  }
}

/** What the platform's own tables say: who, which rank, what rating, what name; in order. */
export async function truthOf(database: Queries, contestId: number): Promise<unknown[][]> {
  const rows = await database.query<{ id: number; place: number; rating: string; name: string }>(
    `SELECT player_id AS id, live_rank AS place, final_rating AS rating, player_name AS name
       FROM v_contest_leaderboard WHERE contest_id = ? ORDER BY live_rank, player_id`,
    [contestId],
  );
  return rows.map(({ id, place, rating, name }) => [id, Number(place), Number(rating), name]);
}

/** The same of rows of standings. */
export const shapeOf = (rows: readonly Standing[]): unknown[][] =>
  rows.map((row) => [row.playerId, row.rank, row.finalRating, row.playerName]);

/** A score as the platform writes it. @param solvedAt as the platform stores it: without a zone */
export async function setScore(
  database: Queries,
  contestId: number,
  playerId: number,
  rating: number,
  solvedAt: string | null = '2026-01-01 00:00:00',
): Promise<void> {
  await database.execute(
    `UPDATE contest_participant SET final_rating = ?, problems_solved = problems_solved + 1, last_solved_at = ?
      WHERE contest_id = ? AND player_id = ?`,
    [rating, solvedAt, contestId, playerId],
  );
}

export async function setFrozen(database: Queries, contestId: number, frozen: boolean): Promise<void> {
  await database.execute('UPDATE contest SET leaderboard_frozen = ? WHERE id = ?', [frozen, contestId]);
}
