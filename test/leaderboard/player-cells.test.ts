import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CellsBoard } from '../../src/leaderboard/cells/cells-board.ts';
import { cellsOf, hiddenFrom } from '../../src/leaderboard/cells/player-cells.ts';
import type { CellsContest, Submission } from '../../src/platform/submissions.ts';

const START = Date.UTC(2026, 0, 1, 12);
const MINUTE = 60_000;
const contest = (frozenAtMinute?: number): CellsContest => ({
  startsAt: START,
  frozen: frozenAtMinute !== undefined,
  frozenAt: frozenAtMinute === undefined ? null : START + frozenAtMinute * MINUTE,
  problems: [1, 2, 3],
});

let ids = 0;
const submission = (
  minute: number,
  verdict: Submission['verdict'],
  { playerId = 7, problemId = 1, points = 100 } = {},
): Submission => ({ id: ++ids, playerId, problemId, verdict, points, submittedAt: START + minute * MINUTE });

describe('The cells of a player', () => {
  test('count judged submissions up to the first accepted one, and what is not judged', () => {
    const submissions = [
      submission(3.9, 'rejected'),
      submission(5, 'pending'),
      submission(12.5, 'accepted'),
      submission(13, 'rejected'),
      submission(14, 'accepted', { points: 50 }),
      submission(20, 'rejected', { problemId: 2 }),
    ];
    expect(cellsOf(submissions, contest()).cells).toEqual([
      { problemId: 1, attempts: 2, pending: 1, solvedAt: 12, points: 100 },
      { problemId: 2, attempts: 1 },
    ]);
  });

  test('show what was submitted before a freeze with its verdict, and everything after it as pending', () => {
    const submissions = [
      submission(10, 'rejected'),
      submission(70, 'accepted'),
      submission(71, 'rejected'),
      submission(59, 'accepted', { problemId: 2 }),
      submission(90, 'accepted', { problemId: 2 }),
      submission(61, 'rejected', { problemId: 3 }),
    ];
    const frozen = contest(60);
    expect(cellsOf(submissions, frozen, hiddenFrom(frozen)).cells).toEqual([
      { problemId: 1, attempts: 1, pending: 2 },
      { problemId: 2, attempts: 1, solvedAt: 59, points: 100 },
      { problemId: 3, attempts: 0, pending: 1 },
    ]);
  });

  test('hide a submission of the second in which the freeze began', () => {
    const frozen = { frozen: true, frozenAt: START + 60 * MINUTE + 400 };
    const submissions = [submission(60, 'accepted')];
    expect(cellsOf(submissions, contest(), hiddenFrom(frozen)).cells).toEqual([
      { problemId: 1, attempts: 0, pending: 1 },
    ]);
  });

  test('never say more of a hidden submission than that it is pending', () => {
    const arbitrary = fc.array(
      fc.record({
        minute: fc.integer({ min: 0, max: 120 }),
        verdict: fc.constantFrom<Submission['verdict']>('pending', 'accepted', 'rejected'),
        other: fc.constantFrom<Submission['verdict']>('pending', 'accepted', 'rejected'),
        problemId: fc.integer({ min: 1, max: 3 }),
        points: fc.integer({ min: 1, max: 400 }),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(arbitrary, (made) => {
        const sorted = made.toSorted((a, b) => a.minute - b.minute);
        const frozen = contest(60);
        const shown = (pick: 'verdict' | 'other') =>
          cellsOf(
            sorted.map(({ minute, problemId, points, ...verdicts }, index) => ({
              id: index + 1,
              playerId: 7,
              problemId,
              verdict: minute >= 60 ? verdicts[pick] : verdicts.verdict,
              points: minute >= 60 && pick === 'other' ? 1 : points,
              submittedAt: START + minute * MINUTE,
            })),
            frozen,
            hiddenFrom(frozen),
          ).cells;
        expect(shown('other')).toEqual(shown('verdict'));
      }),
    );
  });
});

describe('A board of cells', () => {
  test('marks who was first, and moves the mark when that verdict is taken back', () => {
    const board = new CellsBoard();
    const first = submission(10, 'accepted', { playerId: 1 });
    const second = submission(11, 'accepted', { playerId: 2 });
    board.replace('all', [first, second], contest(), true);
    expect([board.cells(1), board.cells(2)]).toEqual([
      [{ problemId: 1, attempts: 1, solvedAt: 10, points: 100, first: true }],
      [{ problemId: 1, attempts: 1, solvedAt: 11, points: 100 }],
    ]);
    const changed = board.replace(new Set([1]), [{ ...first, verdict: 'rejected' }], contest(), true);
    expect([...changed].sort()).toEqual([1, 2]);
    expect([board.cells(1), board.cells(2)]).toEqual([
      [{ problemId: 1, attempts: 1 }],
      [{ problemId: 1, attempts: 1, solvedAt: 11, points: 100, first: true }],
    ]);
  });

  test('drops a player without submissions', () => {
    const board = new CellsBoard();
    board.replace('all', [submission(1, 'accepted')], contest(), true);
    expect([...board.replace(new Set([7]), [], contest(), true)]).toEqual([7]);
    expect([board.cells(7), [...board.players]]).toEqual([undefined, []]);
  });

  test('is the same whether players are replaced one by one or all at once', () => {
    const made = fc.array(
      fc.record({
        playerId: fc.integer({ min: 1, max: 4 }),
        problemId: fc.integer({ min: 1, max: 3 }),
        minute: fc.integer({ min: 0, max: 30 }),
        verdict: fc.constantFrom<Submission['verdict']>('pending', 'accepted', 'rejected'),
      }),
      { maxLength: 25 },
    );
    fc.assert(
      fc.property(made, (given) => {
        const all = given
          .map((one, index) => ({
            ...one,
            id: index + 1,
            points: 1,
            submittedAt: START + one.minute * MINUTE,
          }))
          .sort((a, b) => a.submittedAt - b.submittedAt || a.id - b.id);
        const whole = new CellsBoard();
        whole.replace('all', all, contest(), true);
        const stepwise = new CellsBoard();
        for (const playerId of [3, 1, 4, 2])
          stepwise.replace(
            new Set([playerId]),
            all.filter((one) => one.playerId === playerId),
            contest(),
            true,
          );
        for (const playerId of [1, 2, 3, 4]) expect(stepwise.cells(playerId)).toEqual(whole.cells(playerId));
      }),
    );
  });
});
