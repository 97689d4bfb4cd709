import { LiveError } from './live-error.ts';
import type { Clock } from './types.ts';

/**
 * Runs work with a time limit of `ms` and a signal, whether or not the work observes the signal that it is given.
 *
 * @throws LiveError `silent` when it took too long; what the work throws; the reason of `signal`
 */
export function within<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const attempt = new AbortController();
  const cancel = () => attempt.abort(signal?.reason);
  return new Promise<T>((resolve, reject) => {
    attempt.signal.addEventListener('abort', () => reject(attempt.signal.reason), { once: true });
    const timer = clock.setTimeout(
      () => attempt.abort(new LiveError('silent', `no answer within ${ms} ms`)),
      ms,
    );
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted) cancel();
    const settled = () => {
      clock.clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
    };
    work(attempt.signal).finally(settled).then(resolve, reject);
  });
}
