import { Problem } from '../protocol/problem.ts';

/** Max age of an outcome that `state` reports, in ms. */
const RECENT_MS = 5_000;

/** Whether the appends of this process succeed, by the outcome of the most recent one. */
export class AppendHealth {
  #last: { readonly at: number; readonly succeeded: boolean } | undefined;

  /** Records the outcome of an append, except for refusals that its caller causes, and for overload. Returns the append. */
  observe<T>(append: Promise<T>): Promise<T> {
    append.then(
      () => this.#record(true),
      (error: unknown) => {
        if (concernsLog(error)) this.#record(false);
      },
    );
    return append;
  }

  /** The last outcome; undefined where none is recent. */
  get state(): 'succeeding' | 'failing' | undefined {
    if (this.#last === undefined || performance.now() - this.#last.at > RECENT_MS) return undefined;
    return this.#last.succeeded ? 'succeeding' : 'failing';
  }

  #record(succeeded: boolean): void {
    this.#last = { at: performance.now(), succeeded };
  }
}

/** Whether the error shows that the log cannot be written. */
function concernsLog(error: unknown): boolean {
  if (!(error instanceof Problem)) return true;
  return error.code === 'database-unavailable' || error.code === 'storage-unavailable';
}
