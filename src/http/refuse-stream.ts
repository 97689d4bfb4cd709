import type { StreamClose } from '../protocol/control.ts';
import { parseCursor } from '../protocol/cursor.ts';
import { encodeFrame, encodeRetry } from '../protocol/frame.ts';
import { toProblem } from './problem-response.ts';

/** Event id for a client that sent a malformed cursor: reconnecting with it, the client is answered that it did not resume. */
const NO_CURSOR = 'unknown';

/** Content of a response with status 200. */
interface Content {
  readonly headers: [name: string, value: string][];
  readonly body: string;
}

/**
 * Content of the response to an `EventSource` when no stream can be opened at present. Any status but 200 makes it fail permanently
 * (HTML § 9.2.3), so the response is a stream that ends at once, with a retry time and the cursor of the request.
 * `undefined` where the client is no `EventSource`, or should not retry: the error itself is the response.
 */
export function refusalContent(
  error: unknown,
  accept: string | undefined,
  requested: string | undefined,
  present: string,
): Content | undefined {
  const problem = toProblem(error);
  if (![429, 503].includes(problem.status) || !accept?.includes('text/event-stream')) return undefined;
  const seconds = problem.options.retryAfter ?? 2;
  const retryMs = Math.floor(1_000 * seconds * (1 + Math.random()));
  const close: StreamClose = { reason: 'shutdown', reconnect: true };
  const id = requested === undefined ? present : resumable(requested) ? requested : NO_CURSOR;
  const body = encodeRetry(retryMs) + encodeFrame({ id, event: 'stream-close', data: JSON.stringify(close) });
  return {
    headers: [
      ['content-type', 'text/event-stream; charset=utf-8'],
      ['cache-control', 'no-store, no-transform'],
    ],
    body,
  };
}

/** Whether a stream can resume from it: an `EventSource` reconnects with the last id that it received. */
function resumable(requested: string): boolean {
  return requested === 'earliest' || parseCursor(requested) !== undefined;
}
