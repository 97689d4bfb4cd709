import { describe, expect, it } from 'vitest';
import { accessObject } from '../../src/clics/access-object.ts';
import { FeedView } from '../../src/clics/feed-view.ts';
import { Scoreboards, type ScoreboardsOptions, scoreboardJson } from '../../src/clics/scoreboard.ts';
import { leaderboardRow } from '../support/leaderboard-row.ts';
import { openSpecification } from './specification.ts';

const START = Date.parse('2026-01-01T10:00:00Z');
const MINUTE = 60_000;
const STATE = {
  started: new Date(START).toISOString(),
  frozen: null,
  ended: null,
  thawed: null,
  finalized: null,
  end_of_updates: null,
};

function row(playerId: number, rank: number, playerName: string, solved: number, lastMinute?: number) {
  const lastSolvedAt = lastMinute === undefined ? null : new Date(START + lastMinute * MINUTE).toISOString();
  const totals = { problemsSolved: solved, penaltyMins: solved * 30, lastSolvedAt };
  return { ...leaderboardRow(playerId, rank, solved * 100), ...totals, playerName };
}

const PARTS = {
  at: START + 95 * MINUTE + 250,
  startsAt: START,
  state: JSON.stringify(STATE),
  rows: [row(7, 2, 'Zoë', 1, 20), row(8, 2, 'ádám', 1, 20), row(9, 1, 'Bob', 2, 61), row(6, 4, 'Cy', 0)],
  cells: new Map([
    [9, { cells: [{ problemId: 5, attempts: 2, solvedAt: 61, points: 100, first: true }] }],
    [7, { cells: [{ problemId: 6, attempts: 1, pending: 2 }] }],
  ]),
  teams: new Set(['6', '7', '8', '9']),
  problems: ['6', '5'],
};

describe('A scoreboard of the Contest API', () => {
  it('has the ranks and totals of the leaderboard, and a cell for each problem', () => {
    const scoreboard = JSON.parse(scoreboardJson(PARTS));
    const { faultsIn } = openSpecification();
    expect(faultsIn('scoreboard', scoreboard)).toEqual([]);
    expect(faultsIn('access', accessObject())).toEqual([]);
    expect(scoreboard).toMatchObject({
      time: '2026-01-01T11:35:00.250Z',
      contest_time: '1:35:00.250',
      state: STATE,
    });
    // Equal ranks are ordered by the names of the teams, as people sort them.
    expect(scoreboard.rows.map((one: { team_id: string; rank: number }) => [one.team_id, one.rank])).toEqual([
      ['9', 1],
      ['8', 2],
      ['7', 2],
      ['6', 4],
    ]);
    expect(scoreboard.rows[0]).toEqual({
      rank: 1,
      team_id: '9',
      score: { num_solved: 2, total_time: 60, time: 61 },
      problems: [
        { problem_id: '6', num_judged: 0, num_pending: 0, solved: false },
        { problem_id: '5', num_judged: 2, num_pending: 0, solved: true, time: 61 },
      ],
    });
    expect(scoreboard.rows[2].problems[0]).toEqual({
      problem_id: '6',
      num_judged: 1,
      num_pending: 2,
      solved: false,
    });
    expect(scoreboard.rows[3].score).toEqual({ num_solved: 0, total_time: 0 });
  });

  it('has no row of a player who is not sent as a team, and no problem that is not sent', () => {
    const scoreboard = JSON.parse(scoreboardJson({ ...PARTS, teams: new Set(['9']), problems: [] }));
    expect(scoreboard.rows).toEqual([
      { rank: 1, team_id: '9', score: { num_solved: 2, total_time: 60, time: 61 }, problems: [] },
    ]);
  });
});

describe('A scoreboard that was made before', () => {
  type Facts = Parameters<Scoreboards['read']>[0]['facts'];

  /** A feed with these teams, as one node has read it. */
  function openFeed(...teams: number[]) {
    const shown = new FeedView();
    for (const id of teams) shown.set('teams', String(id), '{}');
    shown.setState(STATE);
    return { shown, contestId: 1, facts: { startsAt: START } as Facts, view: () => shown };
  }

  function openScoreboards() {
    const leaderboard = { version: 7, rows: PARTS.rows };
    let made = 0;
    const scoreboards = new Scoreboards({
      leaderboards: { read: async () => leaderboard },
      cells: { read: async () => ({ version: 3, rows: PARTS.cells }) },
      now: () => PARTS.at + made++ * MINUTE,
    } as unknown as ScoreboardsOptions);
    const read = async (feed: ReturnType<typeof openFeed>) => {
      const { time, rows } = JSON.parse((await scoreboards.read(feed, 'shown')) ?? 'null');
      return { time, teams: rows.map((one: { team_id: string }) => one.team_id) };
    };
    return { leaderboard, read };
  }

  it('is read again as it is, as long as nothing that it shows has changed', async () => {
    const { read } = openScoreboards();
    const feed = openFeed(7, 9);
    expect(await read(feed)).toEqual(await read(feed));
  });

  it('is made anew where another team is in the place of one that left', async () => {
    const { read } = openScoreboards();
    const feed = openFeed(7, 9);
    expect((await read(feed)).teams).toEqual(['9', '7']);
    feed.shown.set('teams', '7', undefined);
    feed.shown.set('teams', '8', '{}');
    expect((await read(feed)).teams).toEqual(['9', '8']);
  });

  it('is made anew after a reset of the log, also where the same version has other rows', async () => {
    const { leaderboard, read } = openScoreboards();
    expect((await read(openFeed(7, 8, 9))).teams).toEqual(['9', '8', '7']);
    leaderboard.rows = PARTS.rows.filter(({ playerId }) => playerId !== 8);
    expect((await read(openFeed(7, 8, 9))).teams).toEqual(['9', '7']);
  });
});
