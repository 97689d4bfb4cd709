import type { Audience } from '../leaderboard/stored-leaderboard.ts';
import { type Cursor, parseCursor } from '../protocol/cursor.ts';

/** Token of a feed: what a client has of it. */
export interface FeedToken {
  /** Cursor of the log, as text. */
  readonly text: string;
  readonly cursor: Required<Cursor>;
  /** Audience whose objects the client has; undefined: not known, as of a cursor of a stream. */
  readonly audience: Audience | undefined;
}

const PATTERN = /^([0-9]+-[a-z0-9]+)(?:-(shown|real))?$/;

/** Writes a token. It is an ID of the specification: up to 31 of its 36 characters. */
export function feedTokenOf(cursor: string, audience: Audience): string {
  return `${cursor}-${audience}`;
}

/** Reads a token. The text comes from clients and may be anything: undefined when it is no token. */
export function parseToken(token: string): FeedToken | undefined {
  const [, text, audience] = PATTERN.exec(token) ?? [];
  const cursor = text === undefined ? undefined : parseCursor(text);
  if (text === undefined || cursor?.term === undefined) return undefined;
  return { text, cursor: { id: cursor.id, term: cursor.term }, audience: audience as Audience | undefined };
}
