/**
 * Settles as `work`, or rejects with the signal's reason. Once it is settled, the signal holds neither the wait nor its outcome:
 * `Promise.race` with a promise that stays pending would hold every outcome for as long as that does.
 */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
  });
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
