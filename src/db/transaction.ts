import { setTimeout as delay } from 'node:timers/promises';
import { backoffDelay } from '../util/backoff.ts';
import { isLocked, isRetryable, isUnavailable } from './errors.ts';
import type { ConnectionPool, Lease } from './pool.ts';

/** Max attempts per transaction. */
const ATTEMPTS = 6;
/** Time after which a transaction that met a locked row is not run again, in ms. */
const LOCKED_MS = 1_000;
/** Delays before a retry. */
const RETRY = { minMs: 20, maxMs: 320 };

const BEGIN = ['START TRANSACTION'];
/** At READ COMMITTED each statement would read a snapshot of its own. The level is that of the next transaction alone. */
const BEGIN_SNAPSHOT = [
  'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ',
  'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY',
];

/**
 * Runs `run` in a READ COMMITTED transaction and commits. After a deadlock, a lock wait time-out or a changed snapshot the
 * transaction is rolled back and `run` is called again, up to five times, of locked rows in the first second alone: it must
 * have no other effects.
 *
 * A connection lost during COMMIT leaves the outcome unknown. That error is thrown, never retried: only an idempotency key
 * can decide it.
 */
export async function inTransaction<T>(pool: ConnectionPool, run: (lease: Lease) => Promise<T>): Promise<T> {
  return repeated(pool, run, BEGIN);
}

/** Runs `run` in a read-only transaction whose statements all read the same snapshot, without locking any row. */
export async function inSnapshot<T>(pool: ConnectionPool, run: (lease: Lease) => Promise<T>): Promise<T> {
  return repeated(pool, run, BEGIN_SNAPSHOT);
}

async function repeated<T>(
  pool: ConnectionPool,
  run: (lease: Lease) => Promise<T>,
  first: readonly string[],
): Promise<T> {
  const began = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(pool, run, first);
    } catch (error) {
      const patient = !isLocked(error) || performance.now() - began < LOCKED_MS;
      const again = (isRetryable(error) && patient) || error instanceof NotBegun;
      if (!again || attempt === ATTEMPTS) throw error instanceof NotBegun ? error.cause : error;
      await delay(backoffDelay(attempt, RETRY));
    }
  }
}

/** BEGIN failed on a dead connection: nothing has been done, so that another connection may be tried. */
class NotBegun extends Error {}

async function once<T>(
  pool: ConnectionPool,
  run: (lease: Lease) => Promise<T>,
  first: readonly string[],
): Promise<T> {
  const lease = await pool.acquire();
  try {
    await begin(lease, first);
    try {
      const result = await run(lease);
      await lease.query({ sql: 'COMMIT' });
      return result;
    } catch (error) {
      // `error` is thrown, whatever becomes of the rollback.
      await lease.query({ sql: 'ROLLBACK' }).catch(() => lease.distrust());
      throw error;
    }
  } finally {
    lease.release();
  }
}

async function begin(lease: Lease, first: readonly string[]): Promise<void> {
  try {
    for (const sql of first) await lease.query({ sql });
  } catch (error) {
    lease.distrust();
    throw isUnavailable(error) ? new NotBegun('BEGIN failed', { cause: error }) : error;
  }
}
