import type { Queries } from '../db/database.ts';
import { truncate } from '../util/truncate.ts';
import { idsOf } from './id-list.ts';
import { isShowableId } from './unshowable.ts';

/** Place of a participant in the final ranking. */
export interface FinalPlace {
  readonly playerId: number;
  readonly playerName?: string;
  readonly rank: number;
}

/** Final ranking of a contest, as the platform wrote it. */
export interface FinalResults {
  /** Up to 10. */
  readonly winners: readonly FinalPlace[];
  /** The first places, up to 100. */
  readonly top: readonly FinalPlace[];
  /** Number of participants with a final rank. */
  readonly ranked: number;
}

const MAX_WINNERS = 10;
const MAX_PLACES = 100;
const MAX_NAME_LENGTH = 100;

/** Whether the platform's contests have `winner_ids`. */
export async function hasWinnersColumn(database: Pick<Queries, 'query'>): Promise<boolean> {
  const rows = await database.query("SHOW COLUMNS FROM contest LIKE 'winner_ids'");
  return rows.length > 0;
}

/**
 * SQL: whether the final ranking of contest `c` is complete. The platform writes the winners last; a schema without them
 * has it once every participant has a final rank.
 */
export function isRankingComplete(withWinners: boolean): string {
  const complete = withWinners
    ? 'COALESCE(JSON_LENGTH(c.winner_ids), 0) > 0'
    : `(SELECT COUNT(*) > 0 AND COUNT(*) = COUNT(rp.final_rank) FROM contest_participant rp WHERE rp.contest_id = c.id)`;
  return `(c.status = 'ENDED' AND ${complete})`;
}

/**
 * Reads the final ranking of a contest. `winner_ids` holds ids of participants; without that column, who is first has won.
 *
 * @param withWinners whether the platform's contests have `winner_ids`
 */
export async function readFinalResults(
  database: Pick<Queries, 'query'>,
  contestId: number,
  withWinners: boolean,
): Promise<FinalResults> {
  const [contest] = await database.query<{ winnerIds: unknown; ranked: number }>(
    `SELECT ${withWinners ? 'c.winner_ids' : 'NULL'} AS winnerIds, (SELECT COUNT(*) FROM contest_participant p
              WHERE p.contest_id = c.id AND p.final_rank IS NOT NULL) AS ranked
       FROM contest c WHERE c.id = ?`,
    [contestId],
  );
  const select = (which: string, values: readonly unknown[], limit: number) =>
    database.query<{ playerId: number; name: string | null; rank: number }>(
      `SELECT cp.player_id AS playerId, u.name, cp.final_rank AS \`rank\`
         FROM contest_participant cp
         LEFT JOIN player p ON p.id = cp.player_id LEFT JOIN users u ON u.id = p.user_id
        WHERE cp.contest_id = ? AND cp.final_rank >= 1 AND ${isShowableId('cp.player_id')} ${which}
        ORDER BY cp.final_rank, cp.player_id LIMIT ${limit}`,
      [contestId, ...values],
    );
  const winnerIds = idsOf(contest?.winnerIds);
  const winners = !withWinners
    ? await select('AND cp.final_rank = 1', [], MAX_WINNERS)
    : winnerIds.length === 0
      ? []
      : await select('AND cp.id IN (?)', [winnerIds], MAX_WINNERS);
  const top = await select('', [], MAX_PLACES);
  return { winners: winners.map(placeOf), top: top.map(placeOf), ranked: Number(contest?.ranked ?? 0) };
}

function placeOf({
  playerId,
  name,
  rank,
}: {
  playerId: number;
  name: string | null;
  rank: number;
}): FinalPlace {
  const shown = truncate(name ?? '', MAX_NAME_LENGTH);
  return { playerId: Number(playerId), ...(shown === '' ? {} : { playerName: shown }), rank: Number(rank) };
}
