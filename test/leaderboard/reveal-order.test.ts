import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  countHidden,
  nextTarget,
  type RevealState,
  type RevealTarget,
  revealTarget,
} from '../../src/leaderboard/reveal/reveal-order.ts';
import { stepOf } from '../../src/leaderboard/step.ts';
import { leaderboardRow } from '../support/leaderboard-row.ts';

/** One row of a frozen contest: what is shown of it, what is real, and its hidden cells. */
interface Made {
  readonly shown: number;
  readonly gained: number;
  readonly hidden: readonly number[];
}

const made: fc.Arbitrary<Made[]> = fc.array(
  fc.record({
    shown: fc.integer({ min: 0, max: 5 }),
    gained: fc.integer({ min: -1, max: 4 }),
    hidden: fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { maxLength: 5 }),
  }),
  { minLength: 1, maxLength: 12 },
);

const score = (playerId: number, rating: number) => {
  const { rank: _, ...row } = leaderboardRow(playerId, 1, Math.max(0, rating) * 100);
  return row;
};

function stateOf(rows: readonly Made[]): RevealState {
  const scores = rows.map(({ shown }, index) => [index + 1, score(index + 1, shown)] as const);
  return {
    order: stepOf([], new Map(scores)).order,
    real: new Map(rows.map(({ shown, gained }, index) => [index + 1, score(index + 1, shown + gained)])),
    hidden: new Map(
      rows.flatMap(({ hidden }, index) =>
        hidden.length === 0 ? [] : [[index + 1, hidden.toSorted((a, b) => a - b)]],
      ),
    ),
    settled: new Set(),
  };
}

/** Reveals everything. @param extentOf the extent of each step, by its number */
function revealAll(start: RevealState, extentOf: (step: number) => 'cell' | 'row') {
  const targets: RevealTarget[] = [];
  const states = [start];
  let state = start;
  for (let step = 1; ; step++) {
    const target = nextTarget(state, extentOf(step));
    if (!target) return { targets, states };
    if (step > 1_000) throw new Error('it does not end');
    targets.push(target);
    state = revealTarget(state, target, state.real.get(target.playerId)).state;
    states.push(state);
  }
}

const shapeOf = ({ order }: Pick<RevealState, 'order'>) =>
  order.map(({ playerId, rank, finalRating }) => [playerId, rank, finalRating]);

/** The ICPC's rule by the letter, over plain numbers: sorts everything anew before each step. */
function resolver(rows: readonly Made[]): [playerId: number, problemId: number][] {
  const teams = rows.map(({ shown, gained, hidden }, index) => ({
    id: index + 1,
    rating: Math.max(0, shown),
    real: Math.max(0, shown + gained),
    hidden: [...hidden].sort((a, b) => a - b),
    done: false,
  }));
  const opened: [number, number][] = [];
  for (;;) {
    teams.sort((a, b) => b.rating - a.rating || a.id - b.id);
    const team = teams.findLast((one) => one.hidden.length > 0 || (!one.done && one.rating !== one.real));
    if (!team) return opened;
    opened.push([team.id, team.hidden.shift() ?? 0]);
    if (team.hidden.length > 0) continue;
    team.rating = team.real;
    team.done = true;
  }
}

describe('A reveal', () => {
  test('opens cell by cell in the order of the ICPC’s resolver', () => {
    fc.assert(
      fc.property(made, (rows) => {
        const { targets } = revealAll(stateOf(rows), () => 'cell');
        expect(targets.map(({ playerId, problems }) => [playerId, problems[0] ?? 0])).toEqual(resolver(rows));
      }),
    );
  });

  test('ends at the real standings, whatever the extents of its steps are', () => {
    fc.assert(
      fc.property(made, fc.infiniteStream(fc.boolean()), (rows, coins) => {
        const start = stateOf(rows);
        const { targets, states } = revealAll(start, () => (coins.next().value ? 'row' : 'cell'));
        const last = states.at(-1) as RevealState;
        const real = rows
          .map(({ shown, gained }, index) => ({ id: index + 1, rating: Math.max(0, shown + gained) * 100 }))
          .sort((a, b) => b.rating - a.rating || a.id - b.id);
        expect(shapeOf(last)).toEqual(
          real.map(({ id, rating }) => [
            id,
            1 + real.filter((other) => other.rating > rating).length,
            rating,
          ]),
        );
        expect(countHidden(last)).toBe(0);
        const opened = targets.flatMap(({ playerId, problems }) =>
          problems.map((problem) => `${playerId}/${problem}`),
        );
        expect(opened.toSorted()).toEqual(
          rows.flatMap(({ hidden }, index) => hidden.map((problem) => `${index + 1}/${problem}`)).toSorted(),
        );
      }),
    );
  });

  test('discloses nothing before its cell is opened: what is shown does not depend on it', () => {
    fc.assert(
      fc.property(made, fc.array(fc.integer({ min: -1, max: 4 }), { maxLength: 12 }), (rows, others) => {
        const other = rows.map((row, index) => ({
          ...row,
          // Without a hidden cell there is nothing to hide.
          gained: row.hidden.length === 0 ? row.gained : (others[index] ?? row.gained),
        }));
        const a = revealAll(stateOf(rows), () => 'cell');
        const b = revealAll(stateOf(other), () => 'cell');
        // Until the first total that differs is revealed, both show the same.
        const differing = new Set(
          rows.flatMap((row, index) =>
            Math.max(0, row.shown + row.gained) === Math.max(0, row.shown + (other[index]?.gained ?? 0))
              ? []
              : [index + 1],
          ),
        );
        const first = a.targets.findIndex(({ playerId, settles }) => settles && differing.has(playerId));
        const until = first < 0 ? a.targets.length : first;
        expect(a.targets.slice(0, until + 1)).toEqual(b.targets.slice(0, until + 1));
        for (let step = 0; step <= until; step++)
          expect(shapeOf(a.states[step] as RevealState)).toEqual(shapeOf(b.states[step] as RevealState));
      }),
    );
  });

  test('changes a row’s total with its last hidden cell, and no other row’s', () => {
    const state = stateOf([
      { shown: 3, gained: 0, hidden: [] },
      { shown: 1, gained: 3, hidden: [4, 2] },
    ]);
    const first = nextTarget(state, 'cell') as RevealTarget;
    expect(first).toEqual({ playerId: 2, problems: [2], settles: false });
    const after = revealTarget(state, first, state.real.get(2));
    expect(after.step.changed).toEqual([]);
    const second = nextTarget(after.state, 'cell') as RevealTarget;
    expect(second).toEqual({ playerId: 2, problems: [4], settles: true });
    const { step } = revealTarget(after.state, second, state.real.get(2));
    expect(step.changed.map(({ playerId, rank }) => [playerId, rank])).toEqual([[2, 1]]);
    expect(step.shifts).toEqual([{ from: 1, to: 1, by: 1 }]);
  });
});
