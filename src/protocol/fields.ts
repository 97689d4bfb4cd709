import { z } from 'zod';
import { CONTEST_STATUSES, MODES, TIERS } from './enums.ts';

/** An id of the platform: 1 … 2^53 − 1. */
export const id = z.int().min(1).max(Number.MAX_SAFE_INTEGER);

/**
 * Text of `min` … `max` UTF-16 units. A lone surrogate is refused: the database would store U+FFFD in its place, and what
 * was accepted must be what is delivered.
 */
export const text = (max: number, min = 1) =>
  z
    .string()
    .min(min)
    .max(max)
    .refine((value) => value.isWellFormed(), 'holds half of a surrogate pair');

/** A player's display name, as the platform's `users.name`. */
export const name = text(100);

/** Whom an event is about. */
export const player = { playerId: id, playerName: name.optional() } as const;

/** A place in standings: 1 is first. */
export const rank = z.int().min(1);

/** An instant, ISO 8601 in UTC. */
export const instant = z.iso.datetime();

export const count = z.int().min(0);
export const tier = z.enum(TIERS);
export const contestStatus = z.enum(CONTEST_STATUSES);

/** Submissions of one player to one problem of a contest. */
export const cell = z.strictObject({
  problemId: id,
  /** Judged submissions, up to and including the first accepted one. */
  attempts: count,
  /** Submissions that are not judged, and those that a freeze hides. */
  pending: count.optional(),
  /** When it was solved, in whole minutes since the start of the contest; left out: not solved. */
  solvedAt: count.optional(),
  points: count.optional(),
  /** Whether it is the first solve of the problem in the contest. */
  first: z.boolean().optional(),
});

/** One row of a contest's standings. */
export const leaderboardRow = z.strictObject({
  playerId: id,
  playerName: name,
  picture: text(2048, 0).nullable(),
  tier: tier.nullable(),
  mode: z.enum(MODES).nullable(),
  rank,
  finalRating: z.number(),
  problemsSolved: count,
  penaltyMins: count,
  lastSolvedAt: instant.nullable(),
});
