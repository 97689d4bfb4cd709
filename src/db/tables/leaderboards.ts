import {
  boolean,
  double,
  index,
  int,
  mediumtext,
  mysqlEnum,
  mysqlTable,
  primaryKey,
  text,
  varchar,
} from 'drizzle-orm/mysql-core';
import { idColumn, instantColumn, tokenColumn } from './columns.ts';

/** Per contest, the version of its standings that was published last. Contest 0 stands for the players of all contests. */
export const standingsBoard = mysqlTable('standings_board', {
  contestId: idColumn('contest_id').primaryKey(),
  version: idColumn('version').notNull(),
  /** The version that players are shown: while the standings are frozen it stands still. */
  shownVersion: idColumn('shown_version').notNull(),
  frozen: boolean('frozen').notNull().default(false),
  changedAt: instantColumn('changed_at').notNull(),
});

/** The rows of the published standings. `real` rows exist while they differ from what is shown: during a freeze. */
export const standingsRow = mysqlTable(
  'standings_row',
  {
    contestId: idColumn('contest_id').notNull(),
    audience: mysqlEnum('audience', ['shown', 'real']).notNull(),
    playerId: idColumn('player_id').notNull(),
    playerName: varchar('player_name', { length: 100 }).notNull(),
    picture: text('picture'),
    tier: tokenColumn('tier', { length: 16 }),
    mode: tokenColumn('mode', { length: 16 }),
    finalRating: double('final_rating').notNull(),
    problemsSolved: int('problems_solved').notNull(),
    penaltyMins: int('penalty_mins').notNull(),
    lastSolvedAt: instantColumn('last_solved_at'),
    /** Rank at which an unpublished rank change began, 0: unranked; null: none pending. */
    toldFrom: int('told_from'),
    /** The version in which the row last changed. */
    version: idColumn('version').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.contestId, table.audience, table.playerId] }),
    index('standings_row_player').on(table.playerId),
  ],
);

/** Per contest and audience, the version of the leaderboard's cells that was published last. */
export const cellsHead = mysqlTable(
  'cells_head',
  {
    contestId: idColumn('contest_id').notNull(),
    audience: mysqlEnum('audience', ['shown', 'real']).notNull(),
    version: idColumn('version').notNull(),
    /** Ids of the contest's problems, as JSON. */
    problems: mediumtext('problems').notNull(),
    changedAt: instantColumn('changed_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.contestId, table.audience] })],
);

/** Cells of one player, as JSON. */
export const cellsRow = mysqlTable(
  'cells_row',
  {
    contestId: idColumn('contest_id').notNull(),
    audience: mysqlEnum('audience', ['shown', 'real']).notNull(),
    playerId: idColumn('player_id').notNull(),
    cells: mediumtext('cells').notNull(),
  },
  (table) => [primaryKey({ columns: [table.contestId, table.audience, table.playerId] })],
);
