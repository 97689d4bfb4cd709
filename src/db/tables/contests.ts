import {
  boolean,
  datetime,
  decimal,
  double,
  index,
  int,
  mediumtext,
  mysqlTable,
  primaryKey,
  varchar,
} from 'drizzle-orm/mysql-core';
import { idColumn, instantColumn, tokenColumn } from './columns.ts';

/** State of each contest as it was last announced, so that each transition is announced once. */
export const contestAnnounced = mysqlTable('contest_announced', {
  contestId: idColumn('contest_id').primaryKey(),
  /** Status announced last: one of the platform's, or OVER once its end was announced, too. */
  status: tokenColumn('status', { length: 16 }).notNull(),
  /** The status that the platform's own row was last seen with. */
  platformStatus: tokenColumn('platform_status', { length: 16 }),
  /** Number of announcements. */
  turn: int('turn').notNull().default(1),
  /** The start and the end that have passed, as instants; null while they are still to come. */
  startsAt: instantColumn('starts_at'),
  endsAt: instantColumn('ends_at'),
  announcedAt: instantColumn('announced_at').notNull(),
});

/** Freezes of contests. The platform keeps a flag only; a trigger, or the leaderboard's publisher, records the instant. */
export const contestFreeze = mysqlTable(
  'contest_freeze',
  {
    contestId: idColumn('contest_id').primaryKey(),
    /** Counts the contest's freezes: rows of an earlier one have another number. */
    freezeNo: int('freeze_no').notNull(),
    frozen: boolean('frozen').notNull(),
    frozenAt: instantColumn('frozen_at').notNull(),
    /** Whether a trigger saw the freeze, and with it every change after it. */
    exact: boolean('exact').notNull(),
    /** Set when a ceremony has revealed everything: the contest then counts as not frozen. */
    revealedAt: instantColumn('revealed_at'),
  },
  (table) => [index('contest_freeze_frozen').on(table.frozen, table.contestId)],
);

/** XP, level and tier of participants as they were at a freeze, of those who changed since. */
export const frozenPlayer = mysqlTable(
  'frozen_player',
  {
    contestId: idColumn('contest_id').notNull(),
    freezeNo: int('freeze_no').notNull(),
    playerId: idColumn('player_id').notNull(),
    xp: idColumn('xp'),
    level: int('level'),
    tier: tokenColumn('tier', { length: 16 }),
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
    contestId: idColumn('contest_id').notNull(),
    freezeNo: int('freeze_no').notNull(),
    playerId: idColumn('player_id').notNull(),
    mode: tokenColumn('mode', { length: 16 }),
    finalRating: double('final_rating'),
    problemsSolved: idColumn('problems_solved'),
    penaltyMins: idColumn('penalty_mins'),
    /** The last solve twice: as a local time, for a DATETIME of the platform, and in s since 1970, for a TIMESTAMP. */
    solvedLocal: datetime('solved_local', { mode: 'string', fsp: 6 }),
    solvedUnix: decimal('solved_unix', { precision: 20, scale: 6 }),
  },
  (table) => [primaryKey({ columns: [table.contestId, table.freezeNo, table.playerId] })],
);

/** Reveals of frozen standings after the end of their contest, cell by cell; one per freeze. */
export const contestReveal = mysqlTable(
  'contest_reveal',
  {
    contestId: idColumn('contest_id').notNull(),
    freezeNo: int('freeze_no').notNull(),
    /** The last step; 0: opened. */
    step: int('step').notNull(),
    openedAt: instantColumn('opened_at').notNull(),
    changedAt: instantColumn('changed_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.contestId, table.freezeNo] })],
);

/** Cells that a freeze hides when its reveal is opened. */
export const contestRevealCell = mysqlTable(
  'contest_reveal_cell',
  {
    contestId: idColumn('contest_id').notNull(),
    freezeNo: int('freeze_no').notNull(),
    playerId: idColumn('player_id').notNull(),
    problemId: idColumn('problem_id').notNull(),
    /** The step that opened it; null: still hidden. */
    step: int('step'),
  },
  (table) => [primaryKey({ columns: [table.contestId, table.freezeNo, table.playerId, table.problemId] })],
);

/** Steps of reveals. */
export const contestRevealStep = mysqlTable(
  'contest_reveal_step',
  {
    contestId: idColumn('contest_id').notNull(),
    freezeNo: int('freeze_no').notNull(),
    step: int('step').notNull(),
    /** Whose total it revealed, if any. */
    settledPlayer: idColumn('settled_player'),
    /** What was published, as JSON: the answer to a repeat. */
    data: mediumtext('data').notNull(),
  },
  (table) => [primaryKey({ columns: [table.contestId, table.freezeNo, table.step] })],
);

/** What was published of each contest for lists of contests. Contest 0 marks that the first states were recorded. */
export const contestListing = mysqlTable('contest_listing', {
  contestId: idColumn('contest_id').primaryKey(),
  /** Counts the changes: of two nodes that find one, one publishes it. */
  version: int('version').notNull(),
  /** Hash of the fields, by which the database finds contests that have changed. */
  digest: tokenColumn('digest', { length: 32 }).notNull(),
  /** The fields, as JSON. */
  state: mediumtext('state').notNull(),
  participantCount: int('participant_count').notNull(),
  /** When the final ranking was published. */
  resultsAt: instantColumn('results_at'),
  changedAt: instantColumn('changed_at').notNull(),
});
