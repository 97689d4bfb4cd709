import { boolean, index, int, mediumtext, mysqlTable, text, varchar } from 'drizzle-orm/mysql-core';
import { idColumn, instantColumn, jsonTextColumn, NOW_UTC, tokenColumn } from './columns.ts';

/** Events on their way from SQL to the log. A row with `failedAt` and `error` is a dead letter. */
export const eventOutbox = mysqlTable(
  'event_outbox',
  {
    id: idColumn('id').autoincrement().primaryKey(),
    type: tokenColumn('type', { length: 64 }).notNull(),
    payload: jsonTextColumn('payload').notNull(),
    idempotencyKey: tokenColumn('idempotency_key', { length: 128 }),
    createdAt: instantColumn('created_at').notNull().default(NOW_UTC),
    attempts: int('attempts').notNull().default(0),
    failedAt: instantColumn('failed_at'),
    error: varchar('error', { length: 1000 }),
    /** Whether the event's contest was frozen, as the writing transaction saw it; null: not known. */
    frozen: boolean('frozen'),
  },
  (table) => [index('event_outbox_waiting').on(table.failedAt, table.id)],
);

/**
 * Events of which a freeze hides a part, with the scopes that are to receive them when it is over; of contest 0, those that
 * wait for the next padded append.
 */
export const deferredEvent = mysqlTable(
  'deferred_event',
  {
    id: idColumn('id').autoincrement().primaryKey(),
    contestId: idColumn('contest_id').notNull(),
    type: tokenColumn('type', { length: 32 }).notNull(),
    /** JSON text. */
    data: mediumtext('data').notNull(),
    /** JSON array of scopes; of contest 0, an object with `scopes` and `activity`. */
    scopes: text('scopes').notNull(),
    createdAt: instantColumn('created_at').notNull(),
  },
  (table) => [index('deferred_event_contest').on(table.contestId, table.id)],
);

/** Expiries of the platform's announcements, as its transactions wrote them: those that have passed are to be withdrawn. */
export const announcementExpiry = mysqlTable(
  'announcement_expiry',
  {
    id: idColumn('id').autoincrement().primaryKey(),
    announcementId: idColumn('announcement_id').notNull(),
    /** To the second, rounded up. */
    expiresAt: instantColumn('expires_at').notNull(),
    /** `expires_at` of the announcement, as text in the zone of the session that wrote it. */
    writtenAs: varchar('written_as', { length: 32 }).notNull(),
  },
  (table) => [index('announcement_expiry_time').on(table.expiresAt, table.id)],
);
