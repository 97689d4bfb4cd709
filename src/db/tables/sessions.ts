import { index, int, mysqlTable, tinyint, varchar } from 'drizzle-orm/mysql-core';
import { changeTimeColumn, idColumn, instantColumn, jsonTextColumn, tokenColumn } from './columns.ts';

/** One row per node: the lease that its sessions live by. Nodes of older releases and SQL users have none. */
export const node = mysqlTable('node', {
  nodeId: tokenColumn('node_id', { length: 36 }).primaryKey(),
  renewedAt: instantColumn('renewed_at').notNull(),
  expiresAt: instantColumn('expires_at').notNull(),
  /** Count of its open streams with the scope `ops`. */
  opsStreams: int('ops_streams').notNull(),
});

/** One row per stream, open or closed. An open one is alive while the lease of its node is. */
export const streamSession = mysqlTable(
  'stream_session',
  {
    streamId: tokenColumn('stream_id', { length: 36 }).primaryKey(),
    nodeId: tokenColumn('node_id', { length: 36 }).notNull(),
    userId: idColumn('user_id'),
    playerId: idColumn('player_id'),
    scopes: jsonTextColumn('scopes').notNull(),
    ticketId: tokenColumn('ticket_id', { length: 36 }),
    connectedAt: instantColumn('connected_at').notNull(),
    /**
     * Last sign of life, where the node has no lease; closed: the end. Open, of a node with a lease: the latest possible end,
     * so that nodes of older releases, which read this alone, neither sweep it nor keep it for ever.
     */
    lastHeartbeatAt: instantColumn('last_heartbeat_at').notNull(),
    expiresAt: instantColumn('expires_at'),
    lastDeliveredId: idColumn('last_delivered_id').notNull(),
    disconnectedAt: instantColumn('disconnected_at'),
    closeReason: tokenColumn('close_reason', { length: 16 }),
    address: varchar('address', { length: 45 }),
    userAgent: varchar('user_agent', { length: 255 }),
    /** Set by any node to have the stream's own node close it, with this reason. */
    closeRequested: tokenColumn('close_requested', { length: 16 }),
    /** Set with a command (a close, a new expiry) and cleared by the stream's node when it has executed it. */
    commandedAt: instantColumn('commanded_at'),
    changedAt: changeTimeColumn('changed_at'),
  },
  (table) => [
    index('stream_session_changed').on(table.changedAt, table.playerId),
    index('stream_session_node').on(table.nodeId, table.disconnectedAt),
    index('stream_session_alive').on(table.disconnectedAt, table.lastHeartbeatAt, table.playerId),
    index('stream_session_player').on(table.playerId, table.disconnectedAt),
    index('stream_session_command').on(table.nodeId, table.commandedAt),
    index('stream_session_ticket').on(table.ticketId),
  ],
);

/** Tokens of a user that were issued before `notBefore` are no longer accepted. */
export const tokenRevocation = mysqlTable('token_revocation', {
  userId: idColumn('user_id').primaryKey(),
  notBefore: instantColumn('not_before').notNull(),
});

/** One row: version of `announced_player`, and count of its rows; `position`: end of the log before the last change. */
export const announcedPresence = mysqlTable('announced_presence', {
  id: tinyint('id').primaryKey(),
  version: idColumn('version').notNull(),
  online: int('online').notNull(),
  position: idColumn('position').notNull(),
});

/** Players who were last announced as online, one row each. */
export const announcedPlayer = mysqlTable('announced_player', {
  playerId: idColumn('player_id').primaryKey(),
});
