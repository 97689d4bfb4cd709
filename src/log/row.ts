import type { KeepClass } from '../db/schema.ts';
import type { ActivityEntry, Secrecy } from '../protocol/definition.ts';
import type { EventType } from '../protocol/event.ts';
import type { Scope } from '../protocol/scope.ts';

/** A committed row of the log: one event's message to one scope. */
export interface LogRow {
  /** Position in the log. */
  readonly id: number;
  /** Position of the event's first row. */
  readonly eventId: number;
  readonly scope: Scope;
  readonly type: EventType;
  readonly playerId: number | null;
  readonly title: string;
  readonly message: string;
  /** The event's data as JSON text, passed on as it was written. */
  readonly data: string;
  /** When it was appended, in milliseconds since 1970. */
  readonly at: number;
}

/** A row before it has a position. */
export interface DraftRow {
  readonly scope: Scope;
  readonly keepClass: KeepClass;
  readonly inbox: boolean;
  readonly title: string;
  readonly message: string;
}

/** A validated event, ready to be appended: one row per scope it goes to. */
export interface Draft {
  readonly type: EventType;
  readonly playerId: number | null;
  readonly data: string;
  readonly rows: readonly DraftRow[];
  readonly activity: readonly ActivityEntry[];
  /** The name of what happened, for events that happen once. */
  readonly happening: string | undefined;
  /** What is appended instead where this contest is not for everybody's eyes. */
  readonly withheld?: { readonly contestId: number; draft(secrecy: Secrecy): Draft };
  /** Roughly what it weighs in a statement, in bytes. */
  readonly bytes: number;
}
