import { Problem } from '../protocol/problem.ts';

/** Max age of an outcome that `state` reports, in ms. */
const RECENT_MS = 5_000;

/** Whether the appends of this process succeed, by the outcome of the most recent one. */
export class AppendHealth {
  #at = Number.NEGATIVE_INFINITY;
  #succeeded = true;

  /** Records the outcome of an append, except for refusals that its caller causes, and for overload. */
  readonly record = (error?: unknown): void => {
    if (error !== undefined && !concernsLog(error)) return;
    this.#at = performance.now();
    this.#succeeded = error === undefined;
  };

  /** The last outcome; undefined where none is recent. */
  get state(): 'succeeding' | 'failing' | undefined {
    if (performance.now() - this.#at > RECENT_MS) return undefined;
    return this.#succeeded ? 'succeeding' : 'failing';
  }
}

/** Whether the error shows that the log cannot be written. */
function concernsLog(error: unknown): boolean {
  if (!(error instanceof Problem)) return true;
  return error.code === 'database-unavailable' || error.code === 'storage-unavailable';
}
