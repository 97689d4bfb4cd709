import { type ReadStream, readEventStream } from './event-stream.ts';

/** A stream as it is read by the rules of the standard alone, frame by frame, without a client library. */
export interface RawStream extends ReadStream {
  readonly response: Response;
  /** Whether the service has ended it. */
  readonly ended: boolean;
  close(): void;
}

/** Opens a stream and keeps reading. `text` grows; `events`, `comments` and `retry` are parsed on each access. */
export async function readStream(
  url: string,
  headers: Record<string, string> = {},
): Promise<RawStream & { readonly text: string }> {
  const leaving = new AbortController();
  // Each on a connection of its own: the service closes it after the last frame, and no other request must meet that.
  const response = await fetch(url, { headers: { ...headers, connection: 'close' }, signal: leaving.signal });
  const chunks: Uint8Array[] = [];
  let ended = false;
  const parsed = () => readEventStream(Buffer.concat(chunks));
  void (async () => {
    for await (const chunk of response.body ?? []) chunks.push(chunk as Uint8Array);
  })()
    .catch(() => {})
    .finally(() => {
      ended = true;
    });
  return {
    response,
    get text() {
      return Buffer.concat(chunks).toString();
    },
    get events() {
      return parsed().events;
    },
    get comments() {
      return parsed().comments;
    },
    get retry() {
      return parsed().retry;
    },
    get ended() {
      return ended;
    },
    close: () => leaving.abort(),
  };
}
