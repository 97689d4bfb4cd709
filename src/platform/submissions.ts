import type { Queries } from '../db/database.ts';
import { isTimestamp, type PlatformClock } from './clock.ts';
import { IS_FROZEN } from './freeze.ts';
import { idsOf } from './id-list.ts';
import { SERVER_ZONE } from './server-zone.ts';
import { isShowableId } from './unshowable.ts';

/** Submission of a participant to a problem of a contest. */
export interface Submission {
  readonly id: number;
  readonly playerId: number;
  readonly problemId: number;
  readonly verdict: 'pending' | 'accepted' | 'rejected';
  readonly points: number;
  /** In ms since 1970. */
  readonly submittedAt: number;
}

/** Submission with the platform's own words. */
export interface JudgedSubmission extends Submission {
  /** Such as `WRONG_ANSWER`; null counts as pending. */
  readonly verdictWord: string | null;
  readonly language: string;
}

/** Contest as far as the cells of its leaderboard depend on it. */
export interface CellsContest {
  /** In ms since 1970; null where the platform has none. */
  readonly startsAt: number | null;
  /** Whether its leaderboard is frozen. */
  readonly frozen: boolean;
  /** Instant of the freeze, in ms since 1970; null where it is not frozen, or not recorded yet. */
  readonly frozenAt: number | null;
  /** Ids of its problems, in their order; none before it starts. */
  readonly problems: readonly number[];
}

type Reads = Pick<Queries, 'query'>;

const FROM =
  'submission s JOIN contest_participant cp ON cp.contest_id = s.contest_id AND cp.player_id = s.player_id';
const SHOWABLE = `${isShowableId('s.player_id')} AND ${isShowableId('s.problem_id')} AND ${isShowableId('s.id')}`;
const CHECKSUM = `CRC32(CONCAT_WS(',', s.id, s.player_id, s.problem_id, IFNULL(CRC32(s.verdict), ''), IFNULL(s.points_earned, ''), IFNULL(s.submitted_at, ''), IFNULL(CRC32(s.language), '')))`;

/**
 * Reads the submissions of participants in a contest, of all players or of some, in the order of submission. Those without a
 * time, or with an id that cannot be shown, are left out.
 *
 * @param problems only submissions to these; left out: to all
 */
export async function readSubmissions(
  database: Reads,
  clock: PlatformClock,
  contestId: number,
  players: ReadonlySet<number> | 'all',
  problems?: readonly number[],
): Promise<JudgedSubmission[]> {
  if ((players !== 'all' && players.size === 0) || problems?.length === 0) return [];
  const rows = await database.query<{
    id: number;
    playerId: number;
    problemId: number;
    verdict: string | null;
    language: string | null;
    points: number | null;
    submittedAt: Date | null;
  }>(
    `SELECT s.id, s.player_id AS playerId, s.problem_id AS problemId, s.verdict, s.language, s.points_earned AS points,
            ${clock.select('s.submitted_at', 'submittedAt')}
       FROM ${FROM}
      WHERE s.contest_id = ?${players === 'all' ? '' : ' AND s.player_id IN (?)'}
        ${problems ? 'AND s.problem_id IN (?)' : ''} AND ${SHOWABLE}`,
    [contestId, ...(players === 'all' ? [] : [[...players]]), ...(problems ? [problems] : [])],
  );
  return rows
    .flatMap((row): JudgedSubmission[] => {
      const submittedAt = clock.instant(row, 'submittedAt')?.getTime();
      if (submittedAt === undefined) return [];
      return [
        {
          id: Number(row.id),
          playerId: Number(row.playerId),
          problemId: Number(row.problemId),
          verdict:
            row.verdict === 'ACCEPTED'
              ? 'accepted'
              : (row.verdict ?? 'PENDING') === 'PENDING'
                ? 'pending'
                : 'rejected',
          points: Math.max(0, Math.trunc(Number(row.points ?? 0))),
          submittedAt,
          verdictWord: row.verdict,
          language: row.language ?? '',
        },
      ];
    })
    .sort((a, b) => a.submittedAt - b.submittedAt || a.id - b.id);
}

/** @returns undefined when there is no such contest */
export async function readCellsContest(
  database: Reads,
  clock: PlatformClock,
  contestId: number,
): Promise<CellsContest | undefined> {
  const [row] = await database.query<{
    status: string;
    problems: unknown;
    frozen: number;
    frozenAt: Date | null;
  }>(
    `SELECT c.status, c.problems, ${clock.select('c.start_time', 'startTime')}, ${IS_FROZEN} AS frozen,
            IF(f.frozen, f.frozen_at, NULL) AS frozenAt
       FROM contest c LEFT JOIN contest_freeze f ON f.contest_id = c.id WHERE c.id = ?`,
    [contestId],
  );
  if (!row) return undefined;
  const started = row.status === 'LIVE' || row.status === 'ENDED';
  const frozen = Number(row.frozen) === 1;
  return {
    startsAt: clock.instant(row, 'startTime')?.getTime() ?? null,
    frozen,
    frozenAt: frozen ? (row.frozenAt?.getTime() ?? null) : null,
    problems: started ? idsOf(row.problems) : [],
  };
}

/** Reads a checksum of all submissions per contest; contests without submissions are missing. */
export async function readSubmissionChecksums(
  database: Reads,
  contestIds: readonly number[],
): Promise<Map<number, string>> {
  if (contestIds.length === 0) return new Map();
  const rows = await database.query<{ id: number; count: number; sum: string; zone: number }>(
    `SELECT s.contest_id AS id, COUNT(*) AS count, SUM(${CHECKSUM}) AS sum,
            CRC32(CONCAT(${isTimestamp('submission', 'submitted_at')}, ${SERVER_ZONE})) AS zone
       FROM ${FROM} WHERE s.contest_id IN (?) GROUP BY s.contest_id`,
    [contestIds],
  );
  return new Map(rows.map(({ id, count, sum, zone }) => [Number(id), `${count}/${sum}/${zone}`]));
}

/** Reads a checksum of each participant's submissions in a contest, by player. */
export async function readSubmitterChecksums(
  database: Reads,
  contestId: number,
): Promise<Map<number, string>> {
  const rows = await database.query<{ playerId: number; count: number; sum: string }>(
    `SELECT s.player_id AS playerId, COUNT(*) AS count, SUM(${CHECKSUM}) AS sum
       FROM ${FROM} WHERE s.contest_id = ? GROUP BY s.player_id`,
    [contestId],
  );
  return new Map(rows.map(({ playerId, count, sum }) => [Number(playerId), `${count}/${sum}`]));
}
