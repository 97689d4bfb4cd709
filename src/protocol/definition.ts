import type { z } from 'zod';
import type { Scope, ScopeKind } from './scope.ts';

/** One scope that an event goes to. */
export interface Target {
  readonly scope: Scope;
  /** Whether the message also stays in the inbox of those the scope stands for. */
  readonly inbox: boolean;
}

/** One line of a player's history, in the platform's own words for actions. */
export interface ActivityEntry {
  readonly action:
    | 'LEVEL_UP'
    | 'PROBLEM_SOLVED'
    | 'CONTEST_JOINED'
    | 'CONTEST_FINISHED'
    | 'RANK_CHANGED'
    | 'TIER_UPGRADED'
    | 'ACHIEVEMENT_EARNED';
  readonly playerId: number;
  readonly contestId?: number;
  readonly problemId?: number;
  readonly oldValue: Readonly<Record<string, unknown>> | null;
  readonly newValue: Readonly<Record<string, unknown>> | null;
}

/**
 * How long a message is kept: `history` for weeks, so that a stream can resume from it; `nudge` for minutes, since it
 * only tells that some state changed and the state itself can be read again.
 */
export type Keep = 'history' | 'nudge';

/** Why less may be told of what happens in a contest: its standings are frozen, or it is not open to everybody. */
export type Secrecy = 'frozen' | 'private';

/** An event as it may be told where its contest is not for everybody's eyes. */
export interface Withheld<D> {
  readonly data: D;
  readonly targets: readonly Target[];
  readonly activity: boolean;
}

/** What the catalogue says of one type of event. */
export interface Definition<S extends z.ZodType> {
  readonly schema: S;
  targets(data: z.output<S>): readonly Target[];
  title(data: z.output<S>): string;
  /** `audience` is the kind of scope the message is read in: the player is addressed, others are told. */
  message(data: z.output<S>, audience: ScopeKind): string;
  activity?(data: z.output<S>): readonly ActivityEntry[];
  /** What is told instead while the standings of its contest are frozen, since it would tell of them. Left out: all of it. */
  whileFrozen?(data: z.output<S>): Withheld<z.output<S>>;
  /** What is told instead of a contest that is private or a draft, since others than its own would hear of it. */
  whilePrivate?(data: z.output<S>): Withheld<z.output<S>>;
  readonly keep: Keep;
  /** Published only by the service itself, never over REST or SQL. */
  readonly internal?: boolean;
}
