import type { Bytes } from '../channel/live-frame.ts';
import { LINGER_MS, type Sink } from './sink.ts';

/** Max bytes that wait for the consumer before `drained` waits for it. */
const HIGH_WATER_BYTES = 64 * 1024;

/**
 * Opens a sink that is the body of a web `Response`, for callers without a Node response: another runtime, or an app
 * that is called directly.
 */
export function openWebSink(signal: AbortSignal | undefined): {
  sink: Sink;
  body: ReadableStream<Uint8Array>;
} {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let written = 0;
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
    { highWaterMark: HIGH_WATER_BYTES, size: (chunk) => chunk.byteLength },
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

  const unsent = () => Math.max(0, HIGH_WATER_BYTES - (controller?.desiredSize ?? HIGH_WATER_BYTES));
  const sink: Sink = {
    write(bytes: Bytes) {
      written += bytes.plain.length;
      // A copy: the consumer may transfer the buffer, and all streams share the original.
      controller?.enqueue(new Uint8Array(bytes.plain));
    },
    get unsent() {
      return unsent();
    },
    get taken() {
      return written - unsent();
    },
    drained() {
      if (!controller || (controller.desiredSize ?? 0) > 0) return Promise.resolve();
      return new Promise((resolve) => waiting.push(resolve));
    },
    cut: () => abort(),
    end() {
      const ended = controller;
      ended?.close();
      closed();
      // A consumer that still reads has taken everything by then; for one that does not, the queue is dropped.
      setTimeout(() => ended?.error(new Error('The reader was too slow.')), LINGER_MS).unref();
    },
    onClose(callback) {
      if (controller) notify = callback;
      else callback();
    },
  };
  return { sink, body };
}
