import type { Bytes } from '../channel/live-frame.ts';
import type { Sink } from './sink.ts';

/**
 * A stream as the body of a web `Response`, for where no Node response is at hand: another runtime, or an app that is
 * called directly.
 */
export function openWebSink(signal: AbortSignal | undefined): {
  sink: Sink;
  body: ReadableStream<Uint8Array>;
} {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let notify: (() => void) | undefined;
  let waiting: (() => void)[] = [];
  const wake = () => {
    for (const resume of waiting) resume();
    waiting = [];
  };
  const closed = () => {
    if (!controller) return;
    controller = undefined;
    wake();
    notify?.();
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start(created) {
        controller = created;
      },
      pull: wake,
      cancel: closed,
    },
    { highWaterMark: 64 * 1024, size: (chunk) => chunk.byteLength },
  );
  const abort = () => {
    try {
      controller?.error(signal?.reason);
    } finally {
      closed();
    }
  };
  if (signal?.aborted) abort();
  else signal?.addEventListener('abort', abort, { once: true });

  const sink: Sink = {
    write(bytes: Bytes) {
      // A copy: the consumer may transfer what it is given, and the original is shared by all streams.
      controller?.enqueue(new Uint8Array(bytes.plain));
    },
    get unsent() {
      return Math.max(0, 64 * 1024 - (controller?.desiredSize ?? 64 * 1024));
    },
    drained() {
      if (!controller || (controller.desiredSize ?? 0) > 0) return Promise.resolve();
      return new Promise((resolve) => waiting.push(resolve));
    },
    end() {
      controller?.close();
      closed();
    },
    onClose(callback) {
      if (controller) notify = callback;
      else callback();
    },
  };
  return { sink, body };
}
