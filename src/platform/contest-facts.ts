import type { Queries } from '../db/database.ts';
import { CONTEST_STATUSES, type ContestStatus } from '../protocol/enums.ts';
import type { PlatformClock } from './clock.ts';
import { CONTEST_STATUS } from './contests.ts';
import { IS_FROZEN } from './freeze.ts';
import { idsOf } from './id-list.ts';
import { isRankingComplete } from './results.ts';
import { isShowableId } from './unshowable.ts';

type Reads = Pick<Queries, 'query'>;

/** Contest as a scoreboard of others needs it. Instants are in ms since 1970; null: none, or not known. */
export interface ContestFacts {
  readonly id: number;
  readonly title: string;
  readonly status: ContestStatus;
  readonly startsAt: number | null;
  readonly endsAt: number | null;
  /** Ids of its problems, in their order. */
  readonly problems: readonly number[];
  readonly frozen: boolean;
  /** Instant of its present freeze, or of its last one; null where none is recorded. */
  readonly frozenAt: number | null;
  /** Whether the present freeze is recorded. */
  readonly freezeRecorded: boolean;
  /** When a ceremony had revealed everything. */
  readonly revealedAt: number | null;
  /** When its status was announced last. */
  readonly announcedAt: number | null;
  /** When its final ranking was published. */
  readonly resultsAt: number | null;
  /** When its leaderboard changed last. */
  readonly leaderboardAt: number | null;
  /** Whether the platform has written its final ranking. */
  readonly rankingComplete: boolean;
}

/** Problem of a contest. */
export interface ProblemFacts {
  readonly id: number;
  readonly title: string;
  /** Number of its tests; 0 where that is not known. */
  readonly tests: number;
}

/** Participant of a contest. */
export interface TeamFacts {
  readonly id: number;
  readonly name: string;
}

/** Instant of results that were there before anything was published: it says nothing. */
const LATER_THAN = 86_400_000;

/** Reads contests; those that do not exist are missing. */
export async function readContestFacts(
  database: Reads,
  clock: PlatformClock,
  ids: readonly number[],
  withWinners: boolean,
): Promise<ContestFacts[]> {
  if (ids.length === 0) return [];
  const rows = await database.query<{
    id: number;
    title: string | null;
    status: ContestStatus;
    problems: unknown;
    frozen: number;
    frozenAt: Date | null;
    freezeRecorded: number | null;
    revealedAt: Date | null;
    announcedAt: Date | null;
    resultsAt: Date | null;
    leaderboardAt: Date | null;
    rankingComplete: number;
  }>(
    `SELECT c.id, c.title, ${CONTEST_STATUS} AS status, ${clock.select('c.start_time', 'startTime')},
            ${clock.select('c.end_time', 'endTime')}, c.problems, ${IS_FROZEN} AS frozen, f.frozen_at AS frozenAt,
            f.frozen AS freezeRecorded, f.revealed_at AS revealedAt, a.announced_at AS announcedAt,
            l.results_at AS resultsAt, b.changed_at AS leaderboardAt, ${isRankingComplete(withWinners)} AS rankingComplete
       FROM contest c
       LEFT JOIN contest_freeze f ON f.contest_id = c.id
       LEFT JOIN contest_announced a ON a.contest_id = c.id
       LEFT JOIN contest_listing l ON l.contest_id = c.id
       LEFT JOIN standings_board b ON b.contest_id = c.id
      WHERE c.id IN (?) AND ${CONTEST_STATUS} IN (?)`,
    [ids, CONTEST_STATUSES],
  );
  return rows.map((row) => ({
    id: Number(row.id),
    title: (row.title ?? '').toWellFormed(),
    status: row.status,
    startsAt: clock.instant(row, 'startTime')?.getTime() ?? null,
    endsAt: clock.instant(row, 'endTime')?.getTime() ?? null,
    problems: [...new Set(idsOf(row.problems))],
    frozen: Number(row.frozen) === 1,
    frozenAt: row.frozenAt?.getTime() ?? null,
    freezeRecorded: Number(row.freezeRecorded) === 1,
    revealedAt: row.revealedAt?.getTime() ?? null,
    announcedAt: row.announcedAt?.getTime() ?? null,
    resultsAt: row.resultsAt && row.resultsAt.getTime() > LATER_THAN ? row.resultsAt.getTime() : null,
    leaderboardAt: row.leaderboardAt?.getTime() ?? null,
    rankingComplete: Number(row.rankingComplete) === 1,
  }));
}

/** Reads problems by their ids, in that order; those that do not exist are missing. */
export async function readProblemFacts(database: Reads, ids: readonly number[]): Promise<ProblemFacts[]> {
  if (ids.length === 0) return [];
  const columns = await database.query("SHOW COLUMNS FROM problem LIKE 'test_cases'");
  const tests = columns.length === 0 ? '0' : 'IF(JSON_VALID(test_cases), JSON_LENGTH(test_cases), 0)';
  const rows = await database.query<{ id: number; title: string | null; tests: number }>(
    `SELECT id, title, ${tests} AS tests FROM problem WHERE id IN (?)`,
    [ids],
  );
  const byId = new Map(rows.map((row) => [Number(row.id), row]));
  return ids.flatMap((id) => {
    const row = byId.get(id);
    if (!row) return [];
    return [
      {
        id,
        title: (row.title ?? '').toWellFormed(),
        tests: Math.max(0, Number(row.tests)),
      },
    ];
  });
}

const PARTICIPANTS = `contest_participant cp
  LEFT JOIN player p ON p.id = cp.player_id LEFT JOIN users u ON u.id = p.user_id`;

/** Reads the participants of a contest. Those with an id that cannot be shown are left out. */
export async function readTeamFacts(database: Reads, contestId: number): Promise<TeamFacts[]> {
  const rows = await database.query<{ id: number; name: string | null }>(
    `SELECT cp.player_id AS id, u.name FROM ${PARTICIPANTS}
      WHERE cp.contest_id = ? AND ${isShowableId('cp.player_id')} ORDER BY cp.player_id`,
    [contestId],
  );
  return rows.map(({ id, name }) => ({ id: Number(id), name: (name ?? '').toWellFormed() }));
}

/** Reads a checksum of the participants of a contest and their names. */
export async function readTeamChecksum(database: Reads, contestId: number): Promise<string> {
  const [row] = await database.query<{ count: number; sum: string | null }>(
    `SELECT COUNT(*) AS count, SUM(CRC32(CONCAT_WS(',', cp.player_id, u.name))) AS sum FROM ${PARTICIPANTS}
      WHERE cp.contest_id = ?`,
    [contestId],
  );
  return `${row?.count ?? 0}/${row?.sum ?? 0}`;
}
