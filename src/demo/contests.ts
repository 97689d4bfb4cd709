import type { Transaction } from '../db/database.ts';
import type { PlatformClock } from '../platform/clock.ts';
import { PLAYERS } from './cast.ts';
import { DEMO_EMAILS } from './find.ts';
import { ENDED_PROBLEMS, LIVE_PROBLEMS, UPCOMING_PROBLEMS } from './problems.ts';
import { startOver } from './round.ts';

export interface ContestParts {
  readonly companyUserId: number;
  readonly playerIds: readonly number[];
  readonly problemIds: readonly number[];
}

interface DemoContest {
  readonly title: string;
  readonly status: 'UPCOMING' | 'LIVE' | 'ENDED';
  readonly problems: readonly number[];
  /** Minutes from now; negative: in the past. */
  readonly startsIn: number;
  readonly mins: number;
  readonly inviteCode?: string;
  /** Indices in the cast. */
  readonly participants: readonly number[];
}

const DAY_MINS = 1440;
const EVERYBODY = PLAYERS.map((_, index) => index);

/** The live one comes last: in a fresh database it is contest 3, as in the documentation. */
const CONTESTS: readonly DemoContest[] = [
  {
    title: 'Winter Warm-up',
    status: 'ENDED',
    problems: ENDED_PROBLEMS,
    startsIn: -7 * DAY_MINS,
    mins: 90,
    participants: EVERYBODY,
  },
  {
    title: 'Acme Hiring Challenge',
    status: 'UPCOMING',
    problems: UPCOMING_PROBLEMS,
    startsIn: 3 * DAY_MINS,
    mins: 120,
    inviteCode: 'ACME-DEMO',
    participants: [0, 2, 6],
  },
  {
    title: 'Friday Sprint',
    status: 'LIVE',
    problems: LIVE_PROBLEMS,
    startsIn: -60,
    mins: 7 * DAY_MINS,
    participants: EVERYBODY,
  },
];

/** SQL: columns of a contest, as many minutes from now as the placeholder. */
function timesIn(clock: PlatformClock): { readonly start: string; readonly end: string } {
  const stored = (column: string) => clock.stored('contest', column, 'UTC_TIMESTAMP() + INTERVAL ? MINUTE');
  return { start: stored('start_time'), end: stored('end_time') };
}

/** Creates the demo contests with their participants and scores. */
export async function seedContests(
  tx: Transaction,
  clock: PlatformClock,
  parts: ContestParts,
): Promise<void> {
  const { companyUserId, playerIds, problemIds } = parts;
  const { start, end } = timesIn(clock);
  for (const contest of CONTESTS) {
    const { startsIn, mins } = contest;
    const { insertId: contestId } = await tx.execute(
      `INSERT INTO contest (created_by, problems, title, status, start_time, end_time, duration_mins, is_public,
        invite_code, participant_count) VALUES (?, ?, ?, ?, ${start}, ${end}, ?, ?, ?, ?)`,
      [
        companyUserId,
        JSON.stringify(contest.problems.map((index) => problemIds[index])),
        contest.title,
        contest.status,
        startsIn,
        startsIn + mins,
        mins,
        contest.inviteCode === undefined,
        contest.inviteCode ?? null,
        contest.participants.length,
      ],
    );
    for (const index of contest.participants)
      await tx.execute('INSERT INTO contest_participant (contest_id, player_id, mode) VALUES (?, ?, ?)', [
        contestId,
        playerIds[index],
        PLAYERS[index]?.mode,
      ]);
    if (contest.status !== 'UPCOMING') await startOver(tx, clock, contestId, Math.min(0, startsIn + mins));
    if (contest.status === 'ENDED') await rankFinally(tx, contestId);
  }
}

/** Moves contests whose time has passed to their times relative to now, so that one is live. */
export async function refreshContests(tx: Transaction, clock: PlatformClock): Promise<void> {
  const { start, end } = timesIn(clock);
  for (const { title, status, startsIn, mins } of CONTESTS) {
    if (status === 'ENDED') continue;
    const column = status === 'LIVE' ? 'end_time' : 'start_time';
    await tx.execute(
      `UPDATE contest SET status = ?, start_time = ${start}, end_time = ${end}
       WHERE title = ? AND created_by IN (SELECT id FROM users WHERE email LIKE ?)
         AND (status <> ? OR ${column} < ${clock.stored('contest', column, 'UTC_TIMESTAMP()')})`,
      [status, startsIn, startsIn + mins, title, DEMO_EMAILS, status],
    );
  }
}

async function rankFinally(tx: Transaction, contestId: number): Promise<void> {
  const rows = await tx.query<{ playerId: number; place: number }>(
    'SELECT player_id AS playerId, live_rank AS place FROM v_contest_leaderboard WHERE contest_id = ?',
    [contestId],
  );
  for (const { playerId, place } of rows)
    await tx.execute('UPDATE contest_participant SET final_rank = ? WHERE contest_id = ? AND player_id = ?', [
      place,
      contestId,
      playerId,
    ]);
}
