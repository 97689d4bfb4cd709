import type { LogRow } from '../log/row.ts';
import { formatCursor } from '../protocol/cursor.ts';
import { type EventType, eventName, type Notification } from '../protocol/event.ts';
import { encodeFrame } from '../protocol/frame.ts';
import type { Scope } from '../protocol/scope.ts';

/** Bytes for a stream: `chunk` includes the framing of an HTTP/1.1 chunk (RFC 9112 § 7.1), `plain` does not. */
export interface Bytes {
  readonly chunk: Buffer;
  readonly plain: Buffer;
}

/**
 * Encodes text into one buffer, of which the bare form is a slice.
 * @throws TypeError for empty text: a chunk without bytes ends the response
 */
export function encodeBytes(text: string): Bytes {
  if (text === '') throw new TypeError('an empty chunk would end the response');
  const length = Buffer.byteLength(text);
  const head = `${length.toString(16)}\r\n`;
  const chunk = Buffer.allocUnsafe(head.length + length + 2);
  chunk.write(head, 0, 'latin1');
  chunk.write(text, head.length, 'utf8');
  chunk.write('\r\n', head.length + length, 'latin1');
  return { chunk, plain: chunk.subarray(head.length, head.length + length) };
}

/** Joins parts into one buffer with the framing of a chunk, of which the bare form is a slice. */
export function frameChunk(parts: readonly Buffer[]): Bytes {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head = Buffer.from(`${length.toString(16)}\r\n`, 'latin1');
  const chunk = Buffer.concat([head, ...parts, Buffer.from('\r\n', 'latin1')]);
  return { chunk, plain: chunk.subarray(head.length, head.length + length) };
}

/** Serialises a row as a notification of the wire and the inbox. */
export function notificationJson(row: Omit<LogRow, 'term' | 'tag'>): string {
  const player = row.playerId === null ? '' : `"playerId":${row.playerId},`;
  return (
    `{"id":${row.id},"eventId":${row.eventId},"scope":"${row.scope}","type":"${row.type}",${player}` +
    `"title":${JSON.stringify(row.title)},"message":${JSON.stringify(row.message)},"data":${row.data},` +
    `"at":"${new Date(row.at).toISOString()}"}`
  );
}

/** The same notification as an object. */
export function notificationOf({
  id,
  eventId,
  scope,
  type,
  playerId,
  title,
  message,
  data,
  at,
}: Omit<LogRow, 'term' | 'tag'>): Notification {
  return {
    id,
    eventId,
    scope,
    type,
    ...(playerId === null ? {} : { playerId }),
    title,
    message,
    data: JSON.parse(data),
    at: new Date(at).toISOString(),
    // The compiler compares with a union of up to 25 types.
  } as Notification;
}

/** Row of the log as a frame: encoded on first use, and shared by all streams. */
export class LiveFrame implements Bytes {
  readonly id: number;
  readonly scope: Scope;
  readonly type: EventType;
  /** Approximate memory use, in bytes. */
  readonly weight: number;
  readonly #term: string;
  #row: LogRow | undefined;
  #bytes: Bytes | undefined;

  /** @param term word of the term that its cursor carries */
  constructor(row: LogRow, term: string) {
    this.id = row.id;
    this.scope = row.scope;
    this.type = row.type;
    this.weight = 400 + row.title.length + row.message.length + row.data.length;
    this.#row = row;
    this.#term = term;
  }

  /** Its id on the wire. */
  get cursor(): string {
    return formatCursor(this.id, this.#term);
  }

  get chunk(): Buffer {
    return this.#encoded().chunk;
  }

  get plain(): Buffer {
    return this.#encoded().plain;
  }

  #encoded(): Bytes {
    if (this.#bytes) return this.#bytes;
    const row = this.#row as LogRow;
    this.#bytes = encodeBytes(
      encodeFrame({
        id: this.cursor,
        event: eventName(row.type),
        data: notificationJson(row),
      }),
    );
    this.#row = undefined;
    return this.#bytes;
  }
}
