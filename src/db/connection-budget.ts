import type { RowDataPacket } from 'mysql2/promise';
import { openConnection } from './connect.ts';
import { ConnectionLimitError } from './errors.ts';

/** Connections that serve one purpose: follower, appender, relay, leaderboards, leadership, health. */
const DEDICATED = 6;
/** Max pooled connections of leader tasks and of what a node does beside requests. */
const MAX_BACKGROUND = 4;
/** The least number of connections that a node works with: the dedicated ones, and one in each pool. */
export const MIN_CONNECTIONS = DEDICATED + 2;

/** Sizes of a node's pools, in connections. */
export interface ConnectionBudget {
  readonly pool: number;
  readonly background: number;
  /** Why the pool is smaller than configured; undefined where it is not. */
  readonly warning?: string;
}

/**
 * Divides the connections that the account may hold, so that the pools leave room for the dedicated ones.
 * @param limit max connections of the account
 * @param poolSize configured size of the pool
 * @param workers nodes of this account, of which each gets an equal share
 * @throws ConnectionLimitError where a share is below `MIN_CONNECTIONS`
 */
export function divideConnections(limit: number, poolSize: number, workers = 1): ConnectionBudget {
  const share = Math.floor(limit / workers);
  if (share < MIN_CONNECTIONS)
    throw new ConnectionLimitError(
      `The database lets this account have ${limit} connections at once; ${workers === 1 ? 'the service needs' : `${workers} workers need`} ${MIN_CONNECTIONS * workers} at least. Raise max_user_connections (or max_connections)${workers === 1 ? '' : ', or lower WORKERS'}.`,
    );
  const shared = share - DEDICATED;
  const background = Math.min(MAX_BACKGROUND, Math.max(1, Math.floor(shared / 3)));
  const pool = Math.min(poolSize, shared - background);
  if (pool === poolSize) return { pool, background };
  const needed = (poolSize + MAX_BACKGROUND + DEDICATED) * workers;
  const warning = `The database lets this account have ${limit} connections at once: the pool${workers === 1 ? '' : ' of each worker'} has ${pool} instead of DATABASE_POOL_SIZE = ${poolSize}; raise max_user_connections to ${needed}.`;
  return { pool, background, warning };
}

/** Reads how many connections the account may hold at once. */
export async function readConnectionLimit(url: string): Promise<number> {
  const connection = await openConnection({ url, connectTimeoutMs: 2_000, statementTimeoutMs: 2_000 });
  try {
    // The session's max_user_connections is the account's own limit where it has one; 0: none.
    const [[row]] = await connection.query<RowDataPacket[]>(
      'SELECT @@session.max_user_connections AS account, @@global.max_connections AS server',
    );
    const limits = [Number(row?.account), Number(row?.server)].filter((limit) => limit > 0);
    await connection.end();
    return Math.min(...limits);
  } finally {
    connection.destroy();
  }
}
