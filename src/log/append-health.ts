import { Problem } from '../protocol/problem.ts';

/** How long an outcome speaks for the present, in ms. */
const RECENT_MS = 5_000;

/** Whether the appends of this process succeed, by the outcomes of its callers. */
export class AppendHealth {
  #last: { readonly at: number; readonly succeeded: boolean } | undefined;

  /** Records the outcome of an append. Refusals that the caller causes, and overload, say nothing of the log. */
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

function concernsLog(error: unknown): boolean {
  if (!(error instanceof Problem)) return true;
  return error.code === 'database-unavailable' || error.code === 'storage-unavailable';
}
