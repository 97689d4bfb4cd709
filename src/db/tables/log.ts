import { sql } from 'drizzle-orm';
import {
  binary,
  boolean,
  index,
  mediumtext,
  mysqlEnum,
  mysqlTable,
  text,
  tinyint,
  varchar,
} from 'drizzle-orm/mysql-core';
import { idColumn, instantColumn, NOW_UTC, tokenColumn } from './columns.ts';

/** Retention classes of log rows: the kind of the row's scope, or `nudge` (the stored name) for transient rows. */
export const KEEP_CLASSES = ['player', 'contest', 'leaderboard', 'problem', 'global', 'nudge'] as const;
export type KeepClass = (typeof KEEP_CLASSES)[number];

/**
 * One row: the position of the newest committed row of the log, and the word of the present term, which older releases
 * call epoch.
 */
export const logHead = mysqlTable('log_head', {
  id: tinyint('id').primaryKey(),
  head: idColumn('head').notNull(),
  epoch: tokenColumn('epoch', { length: 8 }).notNull(),
  /** Tag of the newest append, and the head that it left: with another head, a node of an older release has appended. */
  tag: tokenColumn('tag', { length: 12 }),
  taggedHead: idColumn('tagged_head'),
});

/** The terms of the log: which word covers which positions. Later terms overrule earlier ones from their first id on. */
export const logTerm = mysqlTable('log_term', {
  term: tokenColumn('term', { length: 8 }).primaryKey(),
  number: idColumn('number').notNull(),
  firstId: idColumn('first_id').notNull(),
  begunAt: instantColumn('begun_at').notNull(),
});

/** Per keep class, the lowest position from which on every row is still kept. */
export const logTail = mysqlTable('log_tail', {
  keepClass: mysqlEnum('keep_class', KEEP_CLASSES).primaryKey(),
  tail: idColumn('tail').notNull(),
});

/** Idempotency keys of appends, with the position that the first of each was given. */
export const logKey = mysqlTable(
  'log_key',
  {
    key: tokenColumn('idempotency_key', { length: 160 }).primaryKey(),
    fingerprint: binary('fingerprint', { length: 32 }).notNull(),
    firstId: idColumn('first_id').notNull(),
    expiresAt: instantColumn('expires_at').notNull(),
    /** The scopes that each event went to, as JSON, where a repeat cannot derive them: something was redacted. */
    answer: mediumtext('answer'),
  },
  (table) => [index('log_key_expiry').on(table.expiresAt)],
);

/**
 * The log. Rows are appended and, from the oldest on, deleted; never updated. The defaults are for rows of the platform's
 * Socket.IO layer, which names player, type, title, message and data alone: their ids are negative, outside of the log,
 * and the later the lower, until they are moved into the outbox.
 */
export const notification = mysqlTable(
  'notification',
  {
    id: idColumn('id').primaryKey().default(sql`(-1 - CAST(UUID_SHORT() & 9223372036854775807 AS SIGNED))`),
    eventId: idColumn('event_id').notNull().default(0),
    scope: tokenColumn('scope', { length: 64 }).notNull().default('socketio'),
    keepClass: mysqlEnum('keep_class', KEEP_CLASSES).notNull().default('nudge'),
    type: tokenColumn('type', { length: 32 }).notNull(),
    inbox: boolean('inbox').notNull().default(false),
    playerId: idColumn('player_id'),
    title: varchar('title', { length: 255 }).notNull(),
    message: text('message').notNull(),
    /** JSON text, to the byte as it was written: a JSON column of MySQL would write it anew. */
    data: mediumtext('data').notNull(),
    createdAt: instantColumn('created_at').notNull().default(NOW_UTC),
    /** Word of the term it was appended under, and tag of its append; null where a node of an older release appended it. */
    term: tokenColumn('term', { length: 8 }),
    tag: tokenColumn('tag', { length: 12 }),
  },
  (table) => [
    index('notification_scope').on(table.scope, table.id),
    index('notification_inbox').on(table.scope, table.inbox, table.id),
    index('notification_age').on(table.keepClass, table.id),
  ],
);
