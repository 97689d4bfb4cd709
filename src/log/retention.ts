import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Transaction } from '../db/database.ts';
import { isLocked } from '../db/errors.ts';
import { KEEP_CLASSES, type KeepClass } from '../db/schema.ts';
import { readHead } from './reader.ts';

/** Max rows deleted per transaction. */
const BATCH = 500;
/** Max receipts deleted per statement: a global message can have one of every player. */
const RECEIPTS = 5_000;
/** Max receipts per transaction where some are locked. */
const FEW_RECEIPTS = 200;
/** Rows after one that is dated ahead among which the next that is not is searched one by one. */
const NEAR = 5_000;
/** Pause between two transactions, in ms, so that appends do not queue behind deletes. */
const PAUSE_MS = 5;
/** How far ahead of the database's time a row must be dated to count as wrongly dated, in ms. */
const AHEAD_MS = 60_000;

/**
 * Deletes rows of the log that are past their retention, with their receipts, and expired idempotency keys. Each keep
 * class is deleted from its oldest row on, and its tail moves in the same transaction, so that a reader who misses a row
 * finds the reason. The row at the head is never deleted: it identifies the log. Rows adopted from the Socket.IO
 * generation age from their adoption, so that an inbox is not emptied right after it was filled. A row that another
 * transaction has locked ends the deletion in its keep class, until the next call.
 *
 * @param ages retention per keep class, in ms
 * @param options `now`: the time, by default the database's; `signal` stops it between two transactions; what was deleted
 *   stays deleted
 * @returns the number of log rows deleted
 */
export async function pruneLog(
  database: Database,
  ages: Readonly<Record<KeepClass, number>>,
  options: { readonly now?: Date; readonly signal?: AbortSignal } = {},
): Promise<{ deleted: number }> {
  const { signal } = options;
  const now = options.now ?? (await readTime(database));
  let deleted = 0;
  for (const keepClass of KEEP_CLASSES) {
    const before = now.getTime() - ages[keepClass];
    deleted += await repeat((tx) => pruneClass(tx, keepClass, { before, now: now.getTime() }));
  }
  await repeat((tx) => pruneKeys(tx, now));
  await repeat((tx) => pruneTerms(tx, new Date(now.getTime() - Math.max(...Object.values(ages)))));
  return { deleted };

  /** Repeats `batch` until nothing is left. Returns the number of rows deleted. */
  async function repeat(batch: (tx: Transaction) => Promise<Pruned>): Promise<number> {
    let sum = 0;
    while (!signal?.aborted) {
      const { count, more } = await database.transaction(batch);
      sum += count;
      if (!more) break;
      await sleep(PAUSE_MS);
    }
    return sum;
  }
}

interface Pruned {
  readonly count: number;
  /** Whether more rows may be due. */
  readonly more: boolean;
}

async function readTime(database: Database): Promise<Date> {
  const [row] = await database.query<{ now: Date }>('SELECT UTC_TIMESTAMP(3) AS now');
  return row?.now ?? new Date(0);
}

async function pruneClass(
  tx: Transaction,
  keepClass: KeepClass,
  { before, now }: { readonly before: number; readonly now: number },
): Promise<Pruned> {
  const [tailRow] = await tx.query<{ tail: number }>(
    'SELECT tail FROM log_tail WHERE keep_class = ? FOR UPDATE SKIP LOCKED',
    [keepClass],
  );
  if (!tailRow) return { count: 0, more: false };
  const { head } = await readHead(tx.query);
  const page = await tx.query<{ id: number; created_at: Date }>(
    `SELECT id, created_at FROM notification FORCE INDEX (notification_age)
      WHERE keep_class = ? AND id >= ? AND id < ? ORDER BY id LIMIT ${BATCH}`,
    [keepClass, tailRow.tail, head],
  );
  const adopted = keepClass === 'player' ? await readAdopted(tx) : undefined;
  const times = await appendTimes(tx, page, now, head);
  const firstKept = page.findIndex(({ id }, index) => {
    const time = times[index] ?? Number.POSITIVE_INFINITY;
    const born = adopted && id <= adopted.lastId ? Math.max(time, adopted.at.getTime()) : time;
    return !(born < before);
  });
  const old = (firstKept < 0 ? page : page.slice(0, firstKept)).map(({ id }) => id);
  const free = await lockFirst(tx, old);
  const { rows, more } = await pruneReceipts(tx, free);
  const last = rows.at(-1);
  if (last === undefined) return { count: 0, more };
  await tx.execute(
    "DELETE notification FROM notification FORCE INDEX (PRIMARY) WHERE id IN (?) AND type <> ''",
    [rows],
  );
  await tx.execute('UPDATE log_tail SET tail = ? WHERE keep_class = ?', [last + 1, keepClass]);
  return { count: rows.length, more: more || rows.length === BATCH };
}

/** Locks these rows, up to the first that another transaction has locked. */
async function lockFirst(tx: Transaction, ids: readonly number[]): Promise<readonly number[]> {
  if (ids.length === 0) return ids;
  const unlocked = await tx.query<{ id: number }>(
    'SELECT id FROM notification FORCE INDEX (PRIMARY) WHERE id IN (?) ORDER BY id FOR UPDATE SKIP LOCKED',
    [ids],
  );
  const end = ids.findIndex((id, index) => unlocked[index]?.id !== id);
  return end < 0 ? ids : ids.slice(0, end);
}

/**
 * Latest times at which rows can have been appended. A row dated ahead of the database's time was appended before the row
 * that follows it, since positions are in commit order. Where all rows up to the head are dated ahead, nothing is known of
 * it: infinity.
 */
async function appendTimes(
  tx: Transaction,
  page: readonly { id: number; created_at: Date }[],
  now: number,
  head: number,
): Promise<number[]> {
  const times = page.map(({ created_at }) => created_at.getTime());
  const last = page.at(-1);
  let next = Number.POSITIVE_INFINITY;
  if (last && last.created_at.getTime() > now + AHEAD_MS) next = await timeAfter(tx, last.id, now, head);
  for (let index = times.length - 1; index >= 0; index--) {
    const time = times[index] as number;
    if (time > now + AHEAD_MS) times[index] = next;
    else next = time;
  }
  return times;
}

/**
 * Time of a row after `id` that is not dated ahead: the next one within `NEAR`, and beyond it one that is found in steps
 * that double. Infinity if there is none.
 */
async function timeAfter(tx: Transaction, id: number, now: number, head: number): Promise<number> {
  const probes: number[] = [];
  for (let step = NEAR; id + step < head; step *= 2) probes.push(id + step);
  probes.push(head);
  const time = new Date(now);
  const near = 'SELECT id, created_at FROM notification WHERE id > ? AND id <= ? AND created_at <= ?';
  const far = 'SELECT id, created_at FROM notification WHERE id >= ?';
  const [row] = await tx.query<{ at: Date }>(
    `SELECT created_at AS at
       FROM (${[near, ...probes.map(() => far)].map((sql) => `(${sql} ORDER BY id LIMIT 1)`).join(' UNION ALL ')}) AS later
      WHERE created_at <= ? ORDER BY id LIMIT 1`,
    [id, id + NEAR, time, ...probes, time],
  );
  return row?.at.getTime() ?? Number.POSITIVE_INFINITY;
}

interface PrunedReceipts {
  /** Rows that have none left. */
  readonly rows: readonly number[];
  /** Whether others can follow at once. */
  readonly more: boolean;
}

/** Deletes the receipts of `rows`, or of the first of them: where there are many, or up to one that others have locked. */
async function pruneReceipts(tx: Transaction, rows: readonly number[]): Promise<PrunedReceipts> {
  try {
    const bare = await deleteReceipts(tx, rows);
    return { rows: bare, more: bare.length < rows.length };
  } catch (error) {
    if (!isLocked(error)) throw error;
    return pruneUnlockedReceipts(tx, rows);
  }
}

/** The same for a few receipts, one by one, up to the first that another transaction has locked. */
async function pruneUnlockedReceipts(tx: Transaction, rows: readonly number[]): Promise<PrunedReceipts> {
  // With a column that the index lacks, so that it meets the locks of the rows as well as those of the index.
  const select = `SELECT notification_id AS id, player_id AS player, read_at
      FROM notification_receipt FORCE INDEX (notification_receipt_notification)
     WHERE notification_id IN (?) ORDER BY notification_id, player_id LIMIT ${FEW_RECEIPTS}`;
  const all = await tx.query<{ id: number; player: number }>(select, [rows]);
  const unlocked = await tx.query<{ id: number; player: number }>(`${select} FOR UPDATE SKIP LOCKED`, [rows]);
  const end = all.findIndex(
    ({ id, player }, at) => unlocked[at]?.id !== id || unlocked[at]?.player !== player,
  );
  const free = end < 0 ? all : all.slice(0, end);
  // A statement for several could scan the table, and meet the lock.
  for (const { id, player } of free)
    await tx.execute('DELETE FROM notification_receipt WHERE player_id = ? AND notification_id = ?', [
      player,
      id,
    ]);
  const more = end < 0 && all.length === FEW_RECEIPTS;
  const next = more ? all.at(-1)?.id : all[end]?.id;
  return { rows: next === undefined ? rows : rows.filter((id) => id < next), more };
}

async function deleteReceipts(tx: Transaction, rows: readonly number[]): Promise<readonly number[]> {
  let through = rows.at(-1);
  for (let left = rows; through !== undefined && left.length > 0; left = [through]) {
    const { affectedRows } = await tx.execute(
      `DELETE FROM notification_receipt WHERE notification_id IN (?) ORDER BY notification_id LIMIT ${RECEIPTS}`,
      [left],
    );
    if (affectedRows < RECEIPTS) break;
    const [next] = await tx.query<{ id: number | null }>(
      'SELECT MIN(notification_id) AS id FROM notification_receipt WHERE notification_id IN (?)',
      [left],
    );
    // Row `next.id` still has receipts: it is deleted only after all of them.
    if (next?.id == null) break;
    through = next.id;
  }
  return rows.filter((id) => through !== undefined && id <= through);
}

/** Reads the last position adopted from the Socket.IO generation's tables, and when the adoption finished. */
async function readAdopted(tx: Transaction): Promise<{ lastId: number; at: Date } | undefined> {
  const [row] = await tx.query<{ lastId: number; at: Date }>(
    `SELECT last_id AS lastId, COALESCE(finished_at, UTC_TIMESTAMP(3)) AS at
       FROM live_adoption WHERE last_id IS NOT NULL`,
  );
  return row;
}

/** Deletes the terms that ended before: every row that they cover is older still. */
async function pruneTerms(tx: Transaction, before: Date): Promise<Pruned> {
  const [kept] = await tx.query<{ number: number | null }>(
    'SELECT MAX(number) AS number FROM log_term WHERE begun_at < ?',
    [before],
  );
  if (kept?.number == null) return { count: 0, more: false };
  const { affectedRows } = await tx.execute(
    `DELETE FROM log_term WHERE number < ? ORDER BY number LIMIT ${BATCH}`,
    [kept.number],
  );
  return { count: affectedRows, more: affectedRows === BATCH };
}

async function pruneKeys(tx: Transaction, now: Date): Promise<Pruned> {
  const expired = await tx.query<{ key: string }>(
    `SELECT idempotency_key AS \`key\` FROM log_key WHERE expires_at < ?
      ORDER BY expires_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`,
    [now],
  );
  if (expired.length === 0) return { count: 0, more: false };
  const keys = expired.map(({ key }) => key);
  await tx.execute(
    'DELETE log_key FROM log_key FORCE INDEX (PRIMARY) WHERE idempotency_key IN (?) AND first_id + 0 >= 0',
    [keys],
  );
  return { count: keys.length, more: keys.length === BATCH };
}
