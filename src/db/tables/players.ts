import { boolean, index, mysqlEnum, mysqlTable, primaryKey } from 'drizzle-orm/mysql-core';
import { ACTIVITY_ACTIONS } from '../../protocol/enums.ts';
import { idColumn, instantColumn, jsonTextColumn, NOW_UTC } from './columns.ts';

/** Receipt of one player for one notification. */
export const notificationReceipt = mysqlTable(
  'notification_receipt',
  {
    playerId: idColumn('player_id').notNull(),
    notificationId: idColumn('notification_id').notNull(),
    seenAt: instantColumn('seen_at'),
    readAt: instantColumn('read_at'),
    archivedAt: instantColumn('archived_at'),
  },
  (table) => [
    primaryKey({ columns: [table.playerId, table.notificationId] }),
    index('notification_receipt_notification').on(table.notificationId),
  ],
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
