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
  it('are shared by the calls that arrive while others are under way, and begin after each of them', async () => {
    const { queries, database } = heldDatabase();
    const read = createRestrictionReader(database);
    const early: Promise<unknown>[] = [];
    for (const player of [1, 2]) {
      early.push(read(ofPlayers(player)));
      await until(() => queries.length === player);
    }
    const later = [read(ofPlayers(3)), read(ofPlayers(4, 3))];
    for (const { resolve } of queries.splice(0)) resolve([]);
    await Promise.all(early);
    await until(() => queries.length === 1);
    expect(queries[0]?.values).toEqual([[3, 4]]);
    queries[0]?.resolve([frozen(4)]);
    for (const restrictions of await Promise.all(later)) expect(restrictions.held.get(4)).toBe(9);
  });

  it('fail for the calls that share them alone', async () => {
    const { queries, database } = heldDatabase();
    const read = createRestrictionReader(database);
    const first = read(ofPlayers(1));
    await until(() => queries.length === 1);
    const second = read(ofPlayers(2));
    await until(() => queries.length === 2);
    queries[0]?.reject(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    queries[1]?.resolve([frozen(2)]);
    expect((await second).held.get(2)).toBe(9);
  });
});
