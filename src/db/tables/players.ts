import { boolean, index, int, mysqlEnum, mysqlTable, primaryKey } from 'drizzle-orm/mysql-core';
import { ACTIVITY_ACTIONS } from '../../protocol/enums.ts';
import {
  changeTimeColumn,
  idColumn,
  instantColumn,
  jsonTextColumn,
  NOW_UTC,
  tokenColumn,
} from './columns.ts';

/** Receipt of one player for one notification. */
export const notificationReceipt = mysqlTable(
  'notification_receipt',
  {
    playerId: idColumn('player_id').notNull(),
    notificationId: idColumn('notification_id').notNull(),
    seenAt: instantColumn('seen_at'),
    readAt: instantColumn('read_at'),
    archivedAt: instantColumn('archived_at'),
    /** Set by the server with every change, whichever client makes it; cleared once `inbox_block` counts it. */
    changedAt: changeTimeColumn('changed_at'),
  },
  (table) => [
    primaryKey({ columns: [table.playerId, table.notificationId] }),
    index('notification_receipt_notification').on(table.notificationId),
    index('notification_receipt_changed').on(table.playerId, table.changedAt),
  ],
);

/** Of a player whose inbox is counted in blocks: what the blocks were counted for. */
export const inboxSummary = mysqlTable('inbox_summary', {
  playerId: idColumn('player_id').primaryKey(),
  /** Digest of the scopes that the inbox consisted of. */
  scopes: tokenColumn('scopes', { length: 22 }).notNull(),
  /** Tails of the keep classes that inboxes keep. */
  playerTail: idColumn('player_tail').notNull(),
  contestTail: idColumn('contest_tail').notNull(),
  globalTail: idColumn('global_tail').notNull(),
});

/** Counts of a part of an inbox: its notifications after the block before it, up to and including `throughId`. */
export const inboxBlock = mysqlTable(
  'inbox_block',
  {
    playerId: idColumn('player_id').notNull(),
    throughId: idColumn('through_id').notNull(),
    kept: int('kept').notNull(),
    archived: int('archived').notNull(),
    /** Without what is archived. */
    unread: int('unread').notNull(),
    unseen: int('unseen').notNull(),
    archivedUnread: int('archived_unread').notNull(),
    archivedUnseen: int('archived_unseen').notNull(),
    /** Types of its notifications, between commas. */
    types: tokenColumn('types', { length: 1000 }).notNull(),
    countedAt: instantColumn('counted_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.playerId, table.throughId] })],
);

/** History of what players did, for them and for the platform's analytics. */
export const activityLog = mysqlTable(
  'activity_log',
  {
    id: idColumn('id').autoincrement().primaryKey(),
    playerId: idColumn('player_id').notNull(),
    action: mysqlEnum('action_type', ACTIVITY_ACTIONS).notNull(),
    contestId: idColumn('contest_id'),
    problemId: idColumn('problem_id'),
    oldValue: jsonTextColumn('old_value'),
    newValue: jsonTextColumn('new_value'),
    timestamp: instantColumn('timestamp').notNull().default(NOW_UTC),
    /** Event that reported it; null for activity that was only logged. */
    eventId: idColumn('event_id'),
    isBroadcasted: boolean('is_broadcasted').notNull().default(false),
  },
  (table) => [
    index('activity_log_player').on(table.playerId, table.id),
    index('activity_log_unpublished').on(table.isBroadcasted, table.id),
  ],
);
