import type { z } from 'zod';
import type { ActivityAction } from './enums.ts';
import type { Scope, ScopeKind } from './scope.ts';

/** One line of a player's history, in the platform's own words for actions. */
export interface ActivityEntry {
  readonly action: ActivityAction;
  readonly playerId: number;
  readonly contestId?: number;
  readonly problemId?: number;
  readonly oldValue: Readonly<Record<string, unknown>> | null;
  readonly newValue: Readonly<Record<string, unknown>> | null;
}

/**
 * Retention of a message: `history` for weeks, so that a stream can resume from it; `transient` for minutes, since it only
 * signals a change of state that can be read again.
 */
export type Keep = 'history' | 'transient';

/**
 * Restriction on a contest's events: its leaderboard is frozen, or the contest is private or a draft. Events of a player,
 * not of a contest, are restricted while a frozen contest of the player is.
 */
export type Restriction = 'frozen' | 'private';

/** What a redaction depends on beside the event. */
export interface RestrictedContest {
  /** Whether the contest has ended. */
  readonly over: boolean;
}

/** Event as it is published while its contest is restricted. */
export interface Redacted<D> {
  readonly data: D;
  readonly targets: readonly Scope[];
  readonly activity: boolean;
  /**
   * Scopes that receive the event with the next padded append, with its activity: only hidden verdicts cause it, and positions
   * of the log must not show that there was one. `targets` is then empty.
   */
  readonly paced?: readonly Scope[];
  /** What is published when the restriction is over. */
  readonly deferred?: readonly Scope[];
}

/** Entry of the catalogue: one type of event. */
export interface EventDefinition<S extends z.ZodType> {
  readonly schema: S;
  targets(data: z.output<S>): readonly Scope[];
  title(data: z.output<S>): string;
  /** `audience` is the kind of scope the message is read in: the player is addressed as "you", others read the name. */
  message(data: z.output<S>, audience: ScopeKind): string;
  activity?(data: z.output<S>): readonly ActivityEntry[];
  /** Whose restrictions apply: its contest's, or those of the frozen contests of its player. Left out: its contest's. */
  readonly restrictedBy?: 'contest' | 'player';
  /** Per restriction, what is published instead while its contest is under it. Left out: the event unchanged. */
  readonly redact?: {
    readonly [R in Restriction]?: (data: z.output<S>, contest: RestrictedContest) => Redacted<z.output<S>>;
  };
  /** Fields that identify an event to its publisher, and are not published: ids of the platform that count what is hidden. */
  readonly unpublished?: readonly string[];
  readonly keep: Keep;
  /** Published only by the service itself, never over REST or SQL. */
  readonly internal?: boolean;
}

/** Infers the data of a definition from its schema, and whether its type is internal. */
export const define = <S extends z.ZodType, const I extends boolean = false>(
  definition: EventDefinition<S> & { readonly internal?: I },
): EventDefinition<S> & { readonly internal?: I } => definition;

/** One line of a player's history; `null` where there is no value before or after. */
export function activityOf(
  action: ActivityAction,
  playerId: number,
  oldValue: ActivityEntry['oldValue'],
  newValue: ActivityEntry['newValue'],
): ActivityEntry {
  return { action, playerId, oldValue, newValue };
}
