import type { StreamClose } from '../protocol/control.ts';
import { parseCursor } from '../protocol/cursor.ts';
import { encodeFrame, encodeRetry } from '../protocol/frame.ts';
import { toProblem } from './problem-response.ts';

/** The id that a client is given who came with what is none: coming back with it, it is told so. */
const NO_CURSOR = 'unknown';

/**
 * The answer to an `EventSource` when no stream can be opened now. Any status but 200 makes it give up for ever (HTML
 * § 9.2.3), so it is told to come back by a stream that ends at once, with the cursor it came with.
 * `undefined` when this is not an `EventSource`, or giving up is right: then the error is answered as it is.
 */
export function refuseStream(
  error: unknown,
  accept: string | undefined,
  requested: string | undefined,
  present: string,
): Response | undefined {
  const problem = toProblem(error);
  if (![429, 503].includes(problem.status) || !accept?.includes('text/event-stream')) return undefined;
  const seconds = problem.options.retryAfter ?? 2;
  const retryMs = Math.floor(1_000 * seconds * (1 + Math.random()));
  const close: StreamClose = { reason: 'shutdown', reconnect: true };
  const id = requested === undefined ? present : resumable(requested) ? requested : NO_CURSOR;
  const body = encodeRetry(retryMs) + encodeFrame({ id, event: 'stream-close', data: JSON.stringify(close) });
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
    },
  });
}

/** A client comes back with the id it was given, whatever it asked for before: so it is given what it asked for. */
function resumable(requested: string): boolean {
  return requested === 'earliest' || parseCursor(requested) !== undefined;
}
