import type { Logger } from 'pino';
import { errnoOf, withoutStatement } from '../db/errors.ts';

/** Time for which repeats of a failure are counted instead of logged, ms. */
const INTERVAL_MS = 60_000;
/** Max distinct failures in memory. Beyond it every failure is logged. */
const MAX_KNOWN = 500;

/** Numbers and ids, in which repeats of a failure may differ. */
const NUMBERS = /[0-9a-f]{8}-[0-9a-f-]{27}|\d+/g;

interface Known {
  readonly message: string;
  readonly where: string;
  repeats: number;
  readonly timer: NodeJS.Timeout;
}

/**
 * Logs each failure once per minute, and the number of its repeats. A repeat has the same place (`where`) and the same
 * error, apart from the numbers in its message.
 */
export class FailureLog {
  readonly #logger: Pick<Logger, 'error'>;
  readonly #intervalMs: number;
  readonly #known = new Map<string, Known>();

  constructor(logger: Pick<Logger, 'error'>, intervalMs = INTERVAL_MS) {
    this.#logger = logger;
    this.#intervalMs = intervalMs;
  }

  /** Reports an error of a part of the service, after which the part continues. */
  readonly onError = (error: unknown, where: string): void =>
    this.report('something failed', where, error, { where });

  report(
    message: string,
    where: string,
    error: unknown,
    fields: Readonly<Record<string, unknown>> = {},
  ): void {
    const key = `${where.replaceAll(NUMBERS, '#')} ${signatureOf(error)}`;
    const known = this.#known.get(key);
    if (known !== undefined) {
      known.repeats += 1;
      return;
    }
    this.#logger.error({ err: withoutStatement(error), ...fields }, message);
    if (this.#known.size >= MAX_KNOWN) return;
    const timer = setTimeout(() => this.#forget(key), this.#intervalMs).unref();
    this.#known.set(key, { message, where, repeats: 0, timer });
  }

  /** Logs the counts that are not logged yet. */
  close(): void {
    for (const key of [...this.#known.keys()]) this.#forget(key);
  }

  #forget(key: string): void {
    const known = this.#known.get(key);
    if (known === undefined) return;
    clearTimeout(known.timer);
    this.#known.delete(key);
    const { message, where, repeats } = known;
    if (repeats > 0) this.#logger.error({ where, repeats }, `${message}: the same ${repeats} times more`);
  }
}

/** The error and its innermost cause, without the numbers that differ from one time to the next. */
function signatureOf(error: unknown): string {
  let inner = error;
  for (let depth = 0; inner instanceof Error && inner.cause instanceof Error && depth < 8; depth += 1)
    inner = inner.cause;
  return [error, inner]
    .map((at) => (at instanceof Error ? `${at.name} ${errnoOf(at) ?? ''} ${at.message}` : String(at)))
    .map((text) => text.slice(0, 300).replaceAll(NUMBERS, '#'))
    .join(' ');
}
