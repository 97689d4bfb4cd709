/** Time between two checks, ms. */
const CHECK_MS = 500;

/**
 * Passes a stream through, and fails it when no bytes arrive for `silenceMs()`. A peer that vanished closes nothing, so
 * only missing keepalives show it; a machine that slept finds out as soon as it wakes.
 */
export function failOnSilence(
  body: ReadableStream<Uint8Array>,
  silenceMs: () => number,
  onSilence: (ms: number) => void,
): ReadableStream<Uint8Array> {
  let receivedAt = Date.now();
  let ticker: NodeJS.Timeout | undefined;
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      start(controller) {
        ticker = setInterval(() => {
          const silentFor = Date.now() - receivedAt;
          const isOver = controller.desiredSize === null;
          if (!isOver && silentFor <= silenceMs()) return;
          clearInterval(ticker);
          if (isOver) return;
          onSilence(silentFor);
          controller.error(new Error('The stream fell silent.'));
        }, CHECK_MS).unref();
      },
      transform(chunk, controller) {
        receivedAt = Date.now();
        controller.enqueue(chunk);
      },
      flush: () => clearInterval(ticker),
    }),
  );
}
