import { describe, expect, it } from 'vitest';
import { divideConnections } from '../../src/db/connection-budget.ts';
import { ConnectionLimitError } from '../../src/db/errors.ts';

describe('The connections of an account', () => {
  it('are divided into equal shares of which each leaves room for the dedicated ones', () => {
    for (let workers = 1; workers <= 16; workers++)
      for (let limit = 8 * workers; limit < 400; limit++) {
        const { pool, background } = divideConnections(limit, 10, workers);
        expect(pool).toBeGreaterThan(0);
        expect(background).toBeGreaterThan(0);
        expect((pool + background + 6) * workers).toBeLessThanOrEqual(limit);
      }
  });

  it('give each worker what is configured where they suffice, and else a warning explains how many are needed', () => {
    expect(divideConnections(80, 10, 4)).toEqual({ pool: 10, background: 4 });
    const { pool, warning } = divideConnections(60, 10, 4);
    expect(pool).toBe(6);
    expect(warning).toBe(
      'The database lets this account have 60 connections at once: the pool of each worker has 6 instead of DATABASE_POOL_SIZE = 10; raise max_user_connections to 80.',
    );
  });

  it('that are too few for the workers are refused with the number that is needed', () => {
    expect(() => divideConnections(31, 10, 4)).toThrow(ConnectionLimitError);
    expect(() => divideConnections(31, 10, 4)).toThrow(
      'The database lets this account have 31 connections at once; 4 workers need 32 at least. Raise max_user_connections (or max_connections), or lower WORKERS.',
    );
  });
});
