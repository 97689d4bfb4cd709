import type { Database, Transaction } from '../db/database.ts';

/** Retention of the rows of closed streams, days. */
export const KEEP_SESSIONS_DAYS = 30;

/** Max rows per transaction, so that row locks are short. */
const BATCH = 1_000;
/**
 * Time for which this process must have seen a lease as ended before the node's sessions end, ms. After an outage of the
 * database all leases have ended, until each node has renewed its own.
 */
const SETTLE_MS = 4_000;

export interface SweepOptions {
  readonly database: Pick<Database, 'query' | 'transaction'>;
  /** Age of the last heartbeat from which a session of a node without a lease is dead, ms. */
  readonly heartbeatTimeoutMs: number;
  /** Default 4000. */
  readonly settleMs?: number;
  /** Whether the database's clock can be trusted for deletions by age. Sessions are ended in any case: that is mended by their node. */
  readonly mayDelete?: () => Promise<boolean>;
}

export interface Swept {
  /** Count of sessions marked as lost: the lease of their node ended, or it sent no heartbeat in time. */
  readonly lost: number;
  /** Count of deleted rows. */
  readonly deleted: number;
}

/** Lease that has ended, as this process saw it. */
interface EndedLease {
  readonly expiresAt: number;
  /** A monotonic time, ms. */
  readonly seenAt: number;
}

/**
 * Makes the leader task that marks sessions of dead nodes as lost, as of the node's last sign of life, and deletes sessions
 * that closed long ago. Rows that another transaction has locked are left to the next round. A node that is alive after all
 * finds its lease ended, and writes its rows anew.
 */
export function createSweep(options: SweepOptions): (signal?: AbortSignal) => Promise<Swept> {
  const { database, heartbeatTimeoutMs, settleMs = SETTLE_MS, mayDelete = async () => true } = options;
  let ended = new Map<string, EndedLease>();

  /** Reads the nodes whose lease ended `settleMs` ago or earlier. */
  async function readDeadNodes(): Promise<string[]> {
    const rows = await database.query<{ nodeId: string; expiresAt: Date }>(
      'SELECT node_id AS nodeId, expires_at AS expiresAt FROM node WHERE expires_at <= UTC_TIMESTAMP(3)',
    );
    const now = performance.now();
    ended = new Map(
      rows.map(({ nodeId, expiresAt }) => {
        const known = ended.get(nodeId);
        const same = known?.expiresAt === expiresAt.getTime();
        return [nodeId, same ? known : { expiresAt: expiresAt.getTime(), seenAt: now }];
      }),
    );
    return [...ended].filter(([, { seenAt }]) => now - seenAt >= settleMs).map(([nodeId]) => nodeId);
  }

  return async (signal) => {
    try {
      const dead = signal?.aborted ? [] : await readDeadNodes();
      let lost = 0;
      for (const nodeId of dead) lost += await inBatches(database, (tx) => endSessionsOf(tx, nodeId), signal);
      lost += await inBatches(database, (tx) => endSilentSessions(tx, heartbeatTimeoutMs), signal);
      const deleted = (await mayDelete()) ? await inBatches(database, deleteOldSessions, signal) : 0;
      return { lost, deleted };
    } catch (error) {
      ended.clear();
      throw error;
    }
  };
}

/** Ends sessions of a node while it cannot renew its lease, and deletes the lease with the last of them. */
async function endSessionsOf(tx: Transaction, nodeId: string): Promise<number> {
  const [lease] = await tx.query<{ renewedAt: Date }>(
    `SELECT renewed_at AS renewedAt FROM node WHERE node_id = ? AND expires_at <= UTC_TIMESTAMP(3)
      FOR UPDATE SKIP LOCKED`,
    [nodeId],
  );
  if (lease === undefined) return 0;
  const ids = await lockIds(tx, 'node_id = ? AND disconnected_at IS NULL', [nodeId]);
  if (ids.length > 0)
    await tx.execute(
      `UPDATE stream_session SET disconnected_at = GREATEST(connected_at, ?), last_heartbeat_at = GREATEST(connected_at, ?),
          close_reason = 'lost', commanded_at = NULL WHERE stream_id IN (?)`,
      [lease.renewedAt, lease.renewedAt, ids],
    );
  if (ids.length < BATCH)
    await tx.execute(
      `DELETE FROM node WHERE node_id = ?
          AND NOT EXISTS (SELECT 1 FROM stream_session WHERE node_id = ? AND disconnected_at IS NULL)`,
      [nodeId, nodeId],
    );
  return ids.length;
}

/** Ends sessions of nodes without a lease. */
async function endSilentSessions(tx: Transaction, heartbeatTimeoutMs: number): Promise<number> {
  const ids = await lockIds(
    tx,
    'disconnected_at IS NULL AND last_heartbeat_at < UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND ORDER BY last_heartbeat_at',
    [heartbeatTimeoutMs * 1_000],
  );
  if (ids.length > 0)
    await tx.execute(
      `UPDATE stream_session SET disconnected_at = last_heartbeat_at, close_reason = 'lost', commanded_at = NULL
        WHERE stream_id IN (?)`,
      [ids],
    );
  return ids.length;
}

async function deleteOldSessions(tx: Transaction): Promise<number> {
  const ids = await lockIds(
    tx,
    `disconnected_at < UTC_TIMESTAMP(3) - INTERVAL ${KEEP_SESSIONS_DAYS} DAY ORDER BY disconnected_at`,
    [],
  );
  if (ids.length > 0) await tx.execute('DELETE FROM stream_session WHERE stream_id IN (?)', [ids]);
  return ids.length;
}

async function lockIds(tx: Transaction, where: string, values: readonly unknown[]): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `SELECT stream_id AS id FROM stream_session WHERE ${where} LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`,
    values,
  );
  return rows.map(({ id }) => id);
}

async function inBatches(
  database: SweepOptions['database'],
  batch: (tx: Transaction) => Promise<number>,
  signal: AbortSignal | undefined,
): Promise<number> {
  let total = 0;
  while (!signal?.aborted) {
    const count = await database.transaction(batch);
    total += count;
    if (count < BATCH) break;
  }
  return total;
}
