import type { LeaderboardRow } from '../../../src/protocol/leaderboard.ts';
import { LeaderboardClient } from '../client/leaderboard-client.ts';
import type { TestService } from '../service.ts';

/** Settings of a service whose leaderboards are published without delay. */
export const FAST = {
  STANDINGS_INTERVAL_MS: '20',
  STANDINGS_CHECK_MS: '50',
  RANK_CHANGE_WINDOW_MS: '150',
  FREEZE_APPEND_INTERVAL_MS: '50',
  MAX_STREAMS_PER_PLAYER: '1000',
};

export interface Page {
  readonly version: number;
  readonly frozen: boolean;
  readonly total: number;
  readonly offset: number;
  readonly rows: LeaderboardRow[];
  readonly cursor: string;
}

export const clientOf = (live: Pick<TestService, 'url'>, contestId: number, token: string) =>
  new LeaderboardClient(`${live.url}/streams/contests/${contestId}/leaderboard`, token);

export function getLeaderboard(
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

export const readPage = async (...args: Parameters<typeof getLeaderboard>): Promise<Page> =>
  (await (await getLeaderboard(...args)).json()) as Page;

/** All rows over REST, page by page. */
export async function readWhole(
  live: Pick<TestService, 'url'>,
  contestId: number,
  token: string,
): Promise<LeaderboardRow[]> {
  const rows: LeaderboardRow[] = [];
  for (;;) {
    const page = await readPage(live, contestId, token, `limit=200&offset=${rows.length}`);
    rows.push(...page.rows);
    if (rows.length >= page.total || page.rows.length === 0) return rows;
  }
}
