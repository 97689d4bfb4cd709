import { boolean, index, mysqlEnum, mysqlTable, primaryKey } from 'drizzle-orm/mysql-core';
import { ACTIVITY_ACTIONS } from '../../protocol/enums.ts';
import { id, instant, jsonText } from './columns.ts';

/** Receipt of one player for one notification. */
export const notificationReceipt = mysqlTable(
  'notification_receipt',
  {
    playerId: id('player_id').notNull(),
    notificationId: id('notification_id').notNull(),
    seenAt: instant('seen_at'),
    readAt: instant('read_at'),
    archivedAt: instant('archived_at'),
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
    id: id('id').autoincrement().primaryKey(),
    playerId: id('player_id').notNull(),
    action: mysqlEnum('action_type', ACTIVITY_ACTIONS).notNull(),
    contestId: id('contest_id'),
    problemId: id('problem_id'),
    oldValue: jsonText('old_value'),
    newValue: jsonText('new_value'),
    timestamp: instant('timestamp').notNull(),
    /** Event that reported it; null for activity that was only logged. */
    eventId: id('event_id'),
    isBroadcasted: boolean('is_broadcasted').notNull().default(false),
  },
  (table) => [
    index('activity_log_player').on(table.playerId, table.id),
    index('activity_log_unpublished').on(table.isBroadcasted, table.id),
  ],
);
