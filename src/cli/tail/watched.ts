/** How often it is looked whether something came, in ms. */
const LOOK_MS = 500;

/**
 * The same bytes; but when none come for `silenceMs()`, the stream fails. A peer that vanished sends no goodbye, so
 * only the missing keepalives tell; a machine that slept finds out as soon as it wakes.
 */
export function watched(
  body: ReadableStream<Uint8Array>,
  silenceMs: () => number,
  onSilence: (ms: number) => void,
): ReadableStream<Uint8Array> {
  let heardAt = Date.now();
  let ticker: NodeJS.Timeout | undefined;
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      start(controller) {
        ticker = setInterval(() => {
          const silentFor = Date.now() - heardAt;
          const isOver = controller.desiredSize === null;
          if (!isOver && silentFor <= silenceMs()) return;
          clearInterval(ticker);
          if (isOver) return;
          onSilence(silentFor);
          controller.error(new Error('The stream fell silent.'));
        }, LOOK_MS).unref();
      },
      transform(chunk, controller) {
        heardAt = Date.now();
        controller.enqueue(chunk);
      },
      flush: () => clearInterval(ticker),
    }),
  );
}
