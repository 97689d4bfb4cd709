import type { KeepClass } from '../db/schema.ts';
import type { ActivityEntry } from '../protocol/definition.ts';
import type { EventType } from '../protocol/event.ts';
import type { Scope, ScopeKind } from '../protocol/scope.ts';

/** Committed row of the log: one event's message to one scope. */
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
  /** Word of the term it was appended under; null where a node of an older release appended it. */
  readonly term: string | null;
  /** Tag of the append that wrote it; null as above. */
  readonly tag: string | null;
}

/** Row before it has a position. */
export interface DraftRow {
  readonly scope: Scope;
  readonly keepClass: KeepClass;
  readonly inbox: boolean;
  readonly title: string;
  readonly message: string;
}

/** Event as the log stores it, before it has a position: one row per scope. */
export interface Draft {
  readonly type: EventType;
  readonly playerId: number | null;
  /** JSON text. */
  readonly data: string;
  readonly rows: readonly DraftRow[];
  readonly activity: readonly ActivityEntry[];
  /** Estimated size of its statements, in bytes. */
  readonly bytes: number;
}

/** Keep class of the rows of a kind of scope, unless they are transient. */
export function keepClassOf(kind: ScopeKind): Exclude<KeepClass, 'nudge'> {
  switch (kind) {
    case 'real':
    case 'shown':
    case 'cells':
    case 'realCells':
      return 'leaderboard';
    case 'hidden':
      return 'contest';
    case 'ops':
    case 'players':
    case 'admins':
    case 'companies':
      return 'global';
    default:
      return kind;
  }
}
