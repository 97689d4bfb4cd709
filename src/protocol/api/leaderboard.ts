import { z } from 'zod';
import { TIERS } from '../enums.ts';
import { cell, leaderboardRow } from '../fields.ts';
import { cursor, list, type Wire } from './wire.ts';

/** Rows of a contest's leaderboard, and the cursor at which they are valid. */
export const leaderboardPage = z
  .object({
    contestId: z.int(),
    version: z.int().meta({ description: 'Grows with every change; a `leaderboard-update` names two.' }),
    frozen: z.boolean().meta({ description: 'They stand still for players until they are unfrozen.' }),
    total: z.int().meta({ description: 'How many rows there are on all pages.' }),
    offset: z.int().meta({ description: 'How many rows are before these.' }),
    rows: list(leaderboardRow.extend({ cells: list(cell).optional() })),
    cellsVersion: z.int().optional().meta({
      description: 'With `cells=1`: grows with every change of a cell; a `cells-update` names two.',
    }),
    problems: list(z.int()).optional().meta({
      description: 'With `cells=1`: ids of the problems, in their order, once the contest has started.',
    }),
    cursor,
  })
  .meta({ id: 'Standings' });

/** Row of the global leaderboard. */
export const globalLeaderboardRow = z.object({
  playerId: z.int(),
  playerName: z.string(),
  rank: z.int(),
  xp: z.int(),
  level: z.int(),
  /** Left out where the platform's value is not a known tier. */
  tier: z.enum(TIERS).optional(),
  subRank: z.string(),
});

export const globalLeaderboard = z
  .object({ rows: list(globalLeaderboardRow), cursor })
  .meta({ id: 'GlobalStandings' });

export type LeaderboardPage = Wire<typeof leaderboardPage>;
export type GlobalStanding = Wire<typeof globalLeaderboardRow>;
export type GlobalLeaderboard = Wire<typeof globalLeaderboard>;
