import type { RawFrame } from '../../client/types.ts';
import type { BoardSnapshot } from '../../protocol/board.ts';
import type { CaughtUp, StreamClose, StreamOpen } from '../../protocol/control.ts';
import type { Notification } from '../../protocol/event.ts';
import { encodeComment, encodeFrame } from '../../protocol/frame.ts';

/** Something that came, or befell the connection. */
export interface Entry {
  /** Counts up from 1 while the page is open. */
  readonly number: number;
  /** By this machine's clock, ms since 1970. */
  readonly at: number;
  /** As it came; undefined where nothing came: the connection broke, say. */
  readonly frame: RawFrame | undefined;
  /** What the client made of it, where it is an event and new. */
  readonly notification: Notification | undefined;
  /** From the event's commit to its arrival here, in ms; undefined for what was replayed. */
  readonly latencyMs: number | undefined;
  /** `repeat`: an event that was handed on before. */
  readonly kind: 'event' | 'repeat' | 'control' | 'comment' | 'mark';
  /** In a few words what it says. */
  readonly words: string;
}

const CONTROL = new Set(['stream-open', 'caught-up', 'leaderboard-snapshot', 'position', 'stream-close']);

export function kindOf({ event }: RawFrame): Entry['kind'] {
  if (event === undefined) return 'comment';
  // An event is a repeat until the client hands it on.
  return CONTROL.has(event) ? 'control' : 'repeat';
}

/** What a frame says that is no event. */
export function wordsOf({ event, data }: RawFrame): string {
  if (event === undefined) return 'A sign of life';
  try {
    const parsed: unknown = JSON.parse(data);
    switch (event) {
      case 'stream-open':
        return openWords(parsed as StreamOpen);
      case 'caught-up':
        return `Caught up: ${(parsed as CaughtUp).replayed} replayed`;
      case 'leaderboard-snapshot': {
        const { contestId, version, rows } = parsed as BoardSnapshot;
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

function openWords({ requested, recovered, lost }: StreamOpen): string {
  if (!recovered) return `History is lost${lost ? ` through ${lost.through}` : ''}: read again what you show`;
  return requested === null ? 'From now on' : `Goes on after ${requested}`;
}

/** A frame as it was on the wire. */
export function wireText({ event, id, data }: RawFrame): string {
  return event === undefined || id === undefined
    ? encodeComment(data).trimEnd()
    : encodeFrame({ event, id, data }).trimEnd();
}
