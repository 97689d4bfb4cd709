import type { RawFrame } from '../../client/types.ts';
import type { CaughtUp, StreamClose, StreamOpen } from '../../protocol/control.ts';
import type { Notification } from '../../protocol/event.ts';
import { encodeComment, encodeFrame } from '../../protocol/frame.ts';
import type { LeaderboardSnapshot } from '../../protocol/leaderboard.ts';

/** Received frame, or change of the connection's state. */
export interface RecordedEntry {
  /** Counts up from 1 while the page is open. */
  readonly number: number;
  /** By the local clock, ms since 1970. */
  readonly at: number;
  /** The frame as received; undefined for a change of state. */
  readonly frame: RawFrame | undefined;
  /** The notification that the client delivered, for a new event. */
  readonly notification: Notification | undefined;
  /** From the event's commit to its arrival here, in ms; undefined for what was replayed. */
  readonly latencyMs: number | undefined;
  /** `repeat`: an event that was delivered before. */
  readonly kind: 'event' | 'repeat' | 'control' | 'comment' | 'mark';
  /** Summary. */
  readonly summary: string;
}

const CONTROL = new Set(['stream-open', 'caught-up', 'leaderboard-snapshot', 'position', 'stream-close']);

export function kindOf({ event }: RawFrame): RecordedEntry['kind'] {
  if (event === undefined) return 'comment';
  // An event counts as a repeat until the client delivers it.
  return CONTROL.has(event) ? 'control' : 'repeat';
}

/** Summary of a control frame. */
export function summaryOf({ event, data }: RawFrame): string {
  if (event === undefined) return 'A sign of life';
  try {
    const parsed: unknown = JSON.parse(data);
    switch (event) {
      case 'stream-open':
        return openSummary(parsed as StreamOpen);
      case 'caught-up':
        return `Caught up: ${(parsed as CaughtUp).replayed} replayed`;
      case 'leaderboard-snapshot': {
        const { contestId, version, rows } = parsed as LeaderboardSnapshot;
        return `Standings of contest ${contestId}, version ${version}: ${rows.length} rows`;
      }
      case 'position':
        return 'Nothing for these scopes up to here';
      case 'stream-close': {
        const { reason, reconnect } = parsed as StreamClose;
        return `Closed: ${reason}; ${reconnect ? 'come back' : 'do not come back'}`;
      }
      default:
        return 'Had been handed on before: dropped';
    }
  } catch {
    return 'Its data is not JSON';
  }
}

function openSummary({ requested, recovered, lost }: StreamOpen): string {
  if (!recovered) return `History is lost${lost ? ` through ${lost.through}` : ''}: read again what you show`;
  return requested === null ? 'From now on' : `Goes on after ${requested}`;
}

/** A frame in the wire format. */
export function wireText({ event, id, data }: RawFrame): string {
  return event === undefined || id === undefined
    ? encodeComment(data).trimEnd()
    : encodeFrame({ event, id, data }).trimEnd();
}

/** Characters that change the direction of text instead of being shown. */
const DIRECTION_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Escapes direction controls in raw text, as JSON may (`\u202e`), so that they show. */
export function visibleControls(text: string): string {
  return text.replace(
    DIRECTION_CONTROLS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
