import { describe, expect, it } from 'vitest';
import { accessObject } from '../../src/clics/access-object.ts';
import { scoreboardJson } from '../../src/clics/scoreboard.ts';
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
