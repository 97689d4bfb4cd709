import type { Queries } from '../db/database.ts';

export interface NodeLeaseOptions {
  readonly database: Pick<Queries, 'execute'>;
  readonly nodeId: string;
  /** Duration of the lease after each renewal, ms, by the database's clock. */
  readonly durationMs: number;
}

/**
 * Lease of this node, one row of `node`. Its sessions are alive as long as it is, so that an idle stream needs no
 * heartbeats of its own.
 */
export class NodeLease {
  readonly #options: NodeLeaseOptions;
  #opsStreams = 0;

  constructor(options: NodeLeaseOptions) {
    this.#options = options;
  }

  /** Count of this node's streams with the scope `ops`, written with the next renewal. */
  set opsStreams(count: number) {
    this.#opsStreams = count;
  }

  /**
   * Renews the lease, or acquires it anew where it had ended.
   *
   * @returns whether it had not ended. If it had, the sweep may have ended sessions of this node.
   * @throws errors of the database
   */
  async renew(): Promise<boolean> {
    const { database, nodeId, durationMs } = this.#options;
    const micros = durationMs * 1_000;
    const { affectedRows } = await database.execute(
      `UPDATE node SET renewed_at = UTC_TIMESTAMP(3), expires_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND,
          ops_streams = ? WHERE node_id = ? AND expires_at > UTC_TIMESTAMP(3)`,
      [micros, this.#opsStreams, nodeId],
    );
    if (affectedRows > 0) return true;
    await database.execute(
      `INSERT INTO node (node_id, renewed_at, expires_at, ops_streams)
       VALUES (?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND, ?)
       ON DUPLICATE KEY UPDATE renewed_at = VALUES(renewed_at), expires_at = VALUES(expires_at),
         ops_streams = VALUES(ops_streams)`,
      [nodeId, micros, this.#opsStreams],
    );
    return false;
  }

  /** Gives the lease up. All sessions of the node must be closed. */
  async release(): Promise<void> {
    const { database, nodeId } = this.#options;
    await database.execute('DELETE FROM node WHERE node_id = ?', [nodeId]);
  }
}
