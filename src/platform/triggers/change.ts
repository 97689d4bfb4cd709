import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Database, Queries } from '../../db/database.ts';
import { errnoOf } from '../../db/errors.ts';
import { lockName } from '../../db/named-lock.ts';
import { TriggerError } from './trigger-error.ts';

/** Max wait for another process that changes triggers, s. */
const LOCK_TIMEOUT_S = 30;
/**
 * Max wait of one attempt for a table's metadata lock, s: the least that MySQL takes. The platform's statements on that
 * table queue behind it meanwhile.
 */
const TABLE_LOCK_TIMEOUT_S = 1;
/** Mean pause between two attempts, in which the platform's statements go on, ms. */
const PAUSE_MS = 500;
/** Max duration of all attempts of one change, ms. */
const PATIENCE_MS = 60_000;
/** The table is in use, or the attempt ended a deadlock: nothing was changed. */
const IN_USE = new Set([1205, 1213]);

/** Statement that creates or drops a trigger, and the one that reverts it. */
export interface TriggerStep {
  readonly sql: string;
  /** Left out where there is nothing worth restoring. */
  readonly revert?: string;
}

export interface TriggerPlan<T> {
  readonly steps: readonly TriggerStep[];
  readonly result: T;
}

export interface TriggerChangeOptions {
  /** Max duration of all attempts, ms; default 60,000. */
  readonly patienceMs?: number;
}

const ADVICE: Readonly<Record<number, string>> = {
  1205: "One of the platform's tables was in use by a long transaction all the time. Nothing was changed: try again when it is over.",
  1044: 'This account has no rights on this database.',
  1142: rights('This account lacks a right on one of the tables.'),
  1143: rights('This account lacks the right to a column of one of the tables.'),
  1227: rights('This account lacks a right.'),
  1419: 'This server writes a binary log and lets only accounts with SUPER change triggers. Have an administrator run SET GLOBAL log_bin_trust_function_creators = 1, for as long as this takes, or use an account that has SUPER.',
};

/**
 * Runs the DDL of a plan, on a dedicated connection and in one process at a time: all of its steps, or none. A table that
 * is in use is tried again, with pauses for the platform's statements. DDL cannot be rolled back: after an error the steps
 * that were done are reverted. After the death of this process, another call continues with what is left.
 *
 * @throws TriggerError when the cause is known; its message names the remedy.
 */
export async function changeTriggers<T>(
  database: Database,
  plan: (connection: Connection, queries: Pick<Queries, 'query'>) => Promise<TriggerPlan<T>>,
  { patienceMs = PATIENCE_MS }: TriggerChangeOptions = {},
): Promise<T> {
  const connection = await database.connect({ statementTimeoutMs: 0 });
  const queries: Pick<Queries, 'query'> = {
    async query<R>(sql: string, values?: readonly unknown[]) {
      const [rows] = await connection.query<RowDataPacket[]>(sql, values && [...values]);
      return rows as R[];
    },
  };
  try {
    const [lock] = await queries.query<{ got: number }>('SELECT GET_LOCK(?, ?) AS got', [
      lockName(database.name, 'triggers'),
      LOCK_TIMEOUT_S,
    ]);
    if (Number(lock?.got) !== 1)
      throw new TriggerError(
        `Another process has been changing the triggers for ${LOCK_TIMEOUT_S} s. Try again when it is done.`,
      );
    await connection.query(`SET SESSION lock_wait_timeout = ${TABLE_LOCK_TIMEOUT_S}`);
    const { steps, result } = await plan(connection, queries);
    await carryOut(connection, steps, patienceMs);
    return result;
  } catch (error) {
    const advice = ADVICE[errnoOf(error) ?? 0];
    throw advice === undefined ? error : new TriggerError(advice, { cause: error });
  } finally {
    // The lock is released with the connection.
    connection.destroy();
  }
}

async function carryOut(
  connection: Connection,
  steps: readonly TriggerStep[],
  patienceMs: number,
): Promise<void> {
  const done: TriggerStep[] = [];
  try {
    const deadline = performance.now() + patienceMs;
    for (const step of steps) {
      await attempt(connection, step.sql, deadline);
      done.push(step);
    }
  } catch (error) {
    await revert(connection, done, error);
    throw error;
  }
}

/** @throws TriggerError that names what is left, where not everything could be reverted */
async function revert(connection: Connection, done: readonly TriggerStep[], cause: unknown): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (const [at, step] of [...done.entries()].reverse()) {
    if (step.revert === undefined) continue;
    try {
      await attempt(connection, step.revert, deadline);
    } catch (error) {
      throw new TriggerError(
        `${at + 1} of ${done.length} changes could not be reverted (${error instanceof Error ? error.message : error}). \`codecraft-live platform status\` shows what there is; \`install\` and \`uninstall\` continue from it.`,
        { cause },
      );
    }
  }
}

/** Runs a statement until its table is free, or the deadline has passed (`performance.now()`). */
async function attempt(connection: Connection, sql: string, deadline: number): Promise<void> {
  for (;;) {
    try {
      await connection.query(sql);
      return;
    } catch (error) {
      if (!IN_USE.has(errnoOf(error) ?? 0) || performance.now() >= deadline) throw error;
      await sleep(PAUSE_MS * (0.5 + Math.random()));
    }
  }
}

/** Plans to drop triggers; they can be put back as they were. */
export async function droppingSteps(
  connection: Connection,
  names: readonly string[],
): Promise<TriggerStep[]> {
  const steps: TriggerStep[] = [];
  for (const name of names) {
    const [[trigger]] = await connection.query<RowDataPacket[]>(`SHOW CREATE TRIGGER \`${name}\``);
    steps.push({
      sql: `DROP TRIGGER IF EXISTS \`${name}\``,
      revert: String(trigger?.['SQL Original Statement']),
    });
  }
  return steps;
}

function rights(sentence: string): string {
  return `${sentence} It needs TRIGGER and SELECT on the platform's tables, INSERT on event_outbox, and SELECT, INSERT and UPDATE on contest_freeze, frozen_player and frozen_score, and must keep them: the triggers run with its rights. On MariaDB those that a role gives do not count.`;
}
