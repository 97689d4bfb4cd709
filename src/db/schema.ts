import {
  bigint,
  binary,
  boolean,
  customType,
  datetime,
  decimal,
  double,
  index,
  int,
  mediumtext,
  mysqlEnum,
  mysqlTable,
  primaryKey,
  text,
  tinyint,
  varchar,
} from 'drizzle-orm/mysql-core';
import { ACTIVITY_ACTIONS } from '../protocol/enums.ts';

/** ASCII text that is compared byte by byte, whatever the server's default collation. */
const token = customType<{ data: string; config: { length: number } }>({
  dataType: (config) => `varchar(${config?.length}) character set ascii collate ascii_bin`,
});

/** JSON that is read as text: it is passed on without being parsed. */
const jsonText = customType<{ data: string }>({ dataType: () => 'json' });

/** Ids of the platform and positions of the log: BIGINT, below 2^53. */
const id = (name: string) => bigint(name, { mode: 'number' });
const instant = (name: string) => datetime(name, { mode: 'date', fsp: 3 });

/** Retention classes of log rows: the kind of the row's scope, or `nudge` (the stored name) for transient rows. */
export const KEEP_CLASSES = ['player', 'contest', 'leaderboard', 'problem', 'global', 'nudge'] as const;
export type KeepClass = (typeof KEEP_CLASSES)[number];

/**
 * One row: the position of the newest committed row of the log, and the word of the present term, which older releases
 * call epoch.
 */
export const logHead = mysqlTable('log_head', {
  id: tinyint('id').primaryKey(),
  head: id('head').notNull(),
  epoch: token('epoch', { length: 8 }).notNull(),
  /** Tag of the newest append, and the head that it left: with another head, a node of an older release has appended. */
  tag: token('tag', { length: 12 }),
  taggedHead: id('tagged_head'),
});

/** The terms of the log: which word covers which positions. Later terms overrule earlier ones from their first id on. */
export const logTerm = mysqlTable('log_term', {
  term: token('term', { length: 8 }).primaryKey(),
  number: id('number').notNull(),
  firstId: id('first_id').notNull(),
  begunAt: instant('begun_at').notNull(),
});

/** Per keep class, the lowest position from which on every row is still kept. */
export const logTail = mysqlTable('log_tail', {
  keepClass: mysqlEnum('keep_class', KEEP_CLASSES).primaryKey(),
  tail: id('tail').notNull(),
});

/** Idempotency keys of appends, with the position that the first of each was given. */
export const logKey = mysqlTable(
  'log_key',
  {
    key: token('idempotency_key', { length: 160 }).primaryKey(),
    fingerprint: binary('fingerprint', { length: 32 }).notNull(),
    firstId: id('first_id').notNull(),
    expiresAt: instant('expires_at').notNull(),
    /** The scopes that each event went to, as JSON, where a repeat cannot derive them: something was redacted. */
    answer: mediumtext('answer'),
  },
  (table) => [index('log_key_expiry').on(table.expiresAt)],
);

/** The log. Rows are appended and, from the oldest on, deleted; never updated. */
export const notification = mysqlTable(
  'notification',
  {
    id: id('id').primaryKey(),
    eventId: id('event_id').notNull(),
    scope: token('scope', { length: 64 }).notNull(),
    keepClass: mysqlEnum('keep_class', KEEP_CLASSES).notNull(),
    type: token('type', { length: 32 }).notNull(),
    inbox: boolean('inbox').notNull(),
    playerId: id('player_id'),
    title: varchar('title', { length: 255 }).notNull(),
    message: text('message').notNull(),
    /** JSON text, to the byte as it was written: a JSON column of MySQL would write it anew. */
    data: mediumtext('data').notNull(),
    createdAt: instant('created_at').notNull(),
    /** Word of the term it was appended under, and tag of its append; null where a node of an older release appended it. */
    term: token('term', { length: 8 }),
    tag: token('tag', { length: 12 }),
  },
  (table) => [
    index('notification_scope').on(table.scope, table.id),
    index('notification_inbox').on(table.scope, table.inbox, table.id),
    index('notification_age').on(table.keepClass, table.id),
  ],
);

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

/** One row per stream, open or closed. */
export const streamSession = mysqlTable(
  'stream_session',
  {
    streamId: token('stream_id', { length: 36 }).primaryKey(),
    nodeId: token('node_id', { length: 36 }).notNull(),
    userId: id('user_id'),
    playerId: id('player_id'),
    scopes: jsonText('scopes').notNull(),
    ticketId: token('ticket_id', { length: 36 }),
    connectedAt: instant('connected_at').notNull(),
    lastHeartbeatAt: instant('last_heartbeat_at').notNull(),
    expiresAt: instant('expires_at'),
    lastDeliveredId: id('last_delivered_id').notNull(),
    disconnectedAt: instant('disconnected_at'),
    closeReason: token('close_reason', { length: 16 }),
    address: varchar('address', { length: 45 }),
    userAgent: varchar('user_agent', { length: 255 }),
    /** Set by any node to have the stream's own node close it, with this reason. */
    closeRequested: token('close_requested', { length: 16 }),
    /** Set with a command (a close, a new expiry) and cleared by the stream's node when it has executed it. */
    commandedAt: instant('commanded_at'),
  },
  (table) => [
    index('stream_session_alive').on(table.disconnectedAt, table.lastHeartbeatAt, table.playerId),
    index('stream_session_player').on(table.playerId, table.disconnectedAt),
    index('stream_session_command').on(table.nodeId, table.commandedAt),
    index('stream_session_ticket').on(table.ticketId),
  ],
);

/** Tokens of a user that were issued before `notBefore` are no longer accepted. */
export const tokenRevocation = mysqlTable('token_revocation', {
  userId: id('user_id').primaryKey(),
  notBefore: instant('not_before').notNull(),
});

/** One row: version of `announced_player`, and count of its rows; `position`: end of the log before the last change. */
export const announcedPresence = mysqlTable('announced_presence', {
  id: tinyint('id').primaryKey(),
  version: id('version').notNull(),
  online: int('online').notNull(),
  position: id('position').notNull(),
});

/** Players who were last announced as online, one row each. */
export const announcedPlayer = mysqlTable('announced_player', {
  playerId: id('player_id').primaryKey(),
});

/** State of each contest as it was last announced, so that each transition is announced once. */
export const contestAnnounced = mysqlTable('contest_announced', {
  contestId: id('contest_id').primaryKey(),
  /** Status announced last: one of the platform's, or OVER once its end was announced, too. */
  status: token('status', { length: 16 }).notNull(),
  /** The status that the platform's own row was last seen with. */
  platformStatus: token('platform_status', { length: 16 }),
  /** Number of announcements. */
  turn: int('turn').notNull().default(1),
  /** The start and the end that have passed, as instants; null while they are still to come. */
  startsAt: instant('starts_at'),
  endsAt: instant('ends_at'),
  announcedAt: instant('announced_at').notNull(),
});

/** Per contest, the version of its standings that was published last. Contest 0 stands for the players of all contests. */
export const standingsBoard = mysqlTable('standings_board', {
  contestId: id('contest_id').primaryKey(),
  version: id('version').notNull(),
  /** The version that players are shown: while the standings are frozen it stands still. */
  shownVersion: id('shown_version').notNull(),
  frozen: boolean('frozen').notNull().default(false),
  changedAt: instant('changed_at').notNull(),
});

/** The rows of the published standings. `real` rows exist while they differ from what is shown: during a freeze. */
export const standingsRow = mysqlTable(
  'standings_row',
  {
    contestId: id('contest_id').notNull(),
    audience: mysqlEnum('audience', ['shown', 'real']).notNull(),
    playerId: id('player_id').notNull(),
    playerName: varchar('player_name', { length: 100 }).notNull(),
    picture: text('picture'),
    tier: token('tier', { length: 16 }),
    mode: token('mode', { length: 16 }),
    finalRating: double('final_rating').notNull(),
    problemsSolved: int('problems_solved').notNull(),
    penaltyMins: int('penalty_mins').notNull(),
    lastSolvedAt: instant('last_solved_at'),
    /** Rank at which an unpublished rank change began, 0: unranked; null: none pending. */
    toldFrom: int('told_from'),
    /** The version in which the row last changed. */
    version: id('version').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.contestId, table.audience, table.playerId] }),
    index('standings_row_player').on(table.playerId),
  ],
);

/** Freezes of contests. The platform keeps a flag only; a trigger, or the leaderboard's publisher, records the instant. */
export const contestFreeze = mysqlTable(
  'contest_freeze',
  {
    contestId: id('contest_id').primaryKey(),
    /** Counts the contest's freezes: rows of an earlier one have another number. */
    freezeNo: int('freeze_no').notNull(),
    frozen: boolean('frozen').notNull(),
    frozenAt: instant('frozen_at').notNull(),
    /** Whether a trigger saw the freeze, and with it every change after it. */
    exact: boolean('exact').notNull(),
    /** Set when a ceremony has revealed everything: the contest then counts as not frozen. */
    revealedAt: instant('revealed_at'),
  },
  (table) => [index('contest_freeze_frozen').on(table.frozen, table.contestId)],
);

/** XP, level and tier of participants as they were at a freeze, of those who changed since. */
export const frozenPlayer = mysqlTable(
  'frozen_player',
  {
    contestId: id('contest_id').notNull(),
    freezeNo: int('freeze_no').notNull(),
    playerId: id('player_id').notNull(),
    xp: id('xp'),
    level: int('level'),
    tier: token('tier', { length: 16 }),
    subRank: varchar('sub_rank', { length: 100 }),
  },
  (table) => [
    primaryKey({ columns: [table.contestId, table.freezeNo, table.playerId] }),
    index('frozen_player_player').on(table.playerId),
  ],
);

/** Results of participants as they were at a freeze, of those who changed since. */
export const frozenScore = mysqlTable(
  'frozen_score',
  {
    contestId: id('contest_id').notNull(),
    freezeNo: int('freeze_no').notNull(),
    playerId: id('player_id').notNull(),
    mode: token('mode', { length: 16 }),
    finalRating: double('final_rating'),
    problemsSolved: id('problems_solved'),
    penaltyMins: id('penalty_mins'),
    /** The last solve twice: as a local time, for a DATETIME of the platform, and in s since 1970, for a TIMESTAMP. */
    solvedLocal: datetime('solved_local', { mode: 'string', fsp: 6 }),
    solvedUnix: decimal('solved_unix', { precision: 20, scale: 6 }),
  },
  (table) => [primaryKey({ columns: [table.contestId, table.freezeNo, table.playerId] })],
);

/** Events of which a freeze hides a part, with the scopes that are to receive them when it is over. */
export const deferredEvent = mysqlTable(
  'deferred_event',
  {
    id: id('id').autoincrement().primaryKey(),
    contestId: id('contest_id').notNull(),
    type: token('type', { length: 32 }).notNull(),
    /** JSON text. */
    data: mediumtext('data').notNull(),
    /** JSON array of scopes. */
    scopes: text('scopes').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (table) => [index('deferred_event_contest').on(table.contestId, table.id)],
);

/** Events on their way from SQL to the log. A row with `failedAt` and `error` is a dead letter. */
export const eventOutbox = mysqlTable(
  'event_outbox',
  {
    id: id('id').autoincrement().primaryKey(),
    type: token('type', { length: 64 }).notNull(),
    payload: jsonText('payload').notNull(),
    idempotencyKey: token('idempotency_key', { length: 128 }),
    createdAt: instant('created_at').notNull(),
    attempts: int('attempts').notNull().default(0),
    failedAt: instant('failed_at'),
    error: varchar('error', { length: 1000 }),
    /** Whether the event's contest was frozen, as the writing transaction saw it; null: not known. */
    frozen: boolean('frozen'),
  },
  (table) => [index('event_outbox_waiting').on(table.failedAt, table.id)],
);
