import { describe, expect, it } from 'vitest';
import type { Queries } from '../../src/db/database.ts';
import { createRestrictionReader } from '../../src/platform/restriction-reader.ts';
import { until } from '../support/until.ts';

/** A database whose queries are answered one by one by the test. */
function heldDatabase() {
  const queries: {
    values: readonly unknown[];
    resolve(rows: unknown[]): void;
    reject(error: Error): void;
  }[] = [];
  const query = <T>(_sql: string, values: readonly unknown[] = []) =>
    new Promise<T[]>((resolve, reject) =>
      queries.push({ values, resolve: (rows) => resolve(rows as T[]), reject }),
    );
  return { queries, database: { query } as Pick<Queries, 'query'> };
}

const ofPlayers = (...players: number[]) => ({ contests: [], players });
const frozen = (playerId: number) => ({ playerId, contestId: 9 });

describe('reads of restrictions', () => {
  it('are shared by the calls that arrive while one is under way, and begin after each of them', async () => {
    const { queries, database } = heldDatabase();
    const read = createRestrictionReader(database);
    const first = read(ofPlayers(1));
    const later = [read(ofPlayers(2)), read(ofPlayers(3, 2))];
    expect(queries.map(({ values }) => values)).toEqual([[[1]]]);
    queries[0]?.resolve([]);
    expect((await first).held.size).toBe(0);
    await until(() => queries.length === 2);
    expect(queries[1]?.values).toEqual([[2, 3]]);
    queries[1]?.resolve([frozen(3)]);
    for (const restrictions of await Promise.all(later)) expect(restrictions.held.get(3)).toBe(9);
  });

  it('fail for the calls that share them alone', async () => {
    const { queries, database } = heldDatabase();
    const read = createRestrictionReader(database);
    const first = read(ofPlayers(1));
    const second = read(ofPlayers(2));
    queries[0]?.reject(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    await until(() => queries.length === 2);
    queries[1]?.resolve([frozen(2)]);
    expect((await second).held.get(2)).toBe(9);
  });

  it('are bounded: a call that would make one too large waits for the next', async () => {
    const { queries, database } = heldDatabase();
    const read = createRestrictionReader(database);
    const many = Array.from({ length: 1_500 }, (_, i) => i + 1);
    const calls = [read(ofPlayers(1)), read(ofPlayers(...many)), read(ofPlayers(...many))];
    for (let i = 0; i < calls.length; i++) {
      await until(() => queries.length === i + 1);
      queries[i]?.resolve([]);
    }
    await Promise.all(calls);
    expect(queries.map(({ values }) => (values[0] as number[]).length)).toEqual([1, 1_500, 1_500]);
  });
});
