import type { Logger } from 'pino';
import type { Database } from '../db/database.ts';
import type { DatabaseClock } from '../db/database-clock.ts';
import { checkDurability } from '../db/durability.ts';
import { checkSchemaAndTriggers } from '../migrate/check.ts';
import type { PeriodicTask } from './parts.ts';

/** Interval between two checks, ms. */
const CHECK_MS = 60_000;

/** Weaknesses of the database, for `/ready`, the metrics and the log. */
export class Warnings {
  readonly #database: Pick<Database, 'query'>;
  readonly #logger: Pick<Logger, 'warn' | 'info'>;
  readonly #clock: Pick<DatabaseClock, 'jumpMs'>;
  #lines: readonly string[] = [];
  readonly task: PeriodicTask = {
    name: 'checks of the database',
    everyMs: CHECK_MS,
    run: () => this.check(),
  };

  constructor(
    database: Pick<Database, 'query'>,
    logger: Pick<Logger, 'warn' | 'info'>,
    clock: Pick<DatabaseClock, 'jumpMs'>,
  ) {
    this.#clock = clock;
    this.#database = database;
    this.#logger = logger;
  }

  /** The present warnings, a sentence each. */
  get lines(): readonly string[] {
    const { jumpMs } = this.#clock;
    if (jumpMs === 0) return this.#lines;
    const jump = `The database's clock jumped by ${Math.round(jumpMs / 1000)} s: nothing is deleted by age.`;
    return [...this.#lines, jump];
  }

  /**
   * Checks the database, and logs what changed: a line for each new warning, and one for each that is over. The warnings stay
   * as they are where a check fails.
   */
  async check(): Promise<void> {
    const lines = [
      ...(await checkDurability(this.#database)),
      ...(await checkSchemaAndTriggers(this.#database)),
    ];
    const before = new Map(this.#lines.map((line) => [withoutNumbers(line), line]));
    const now = new Set(lines.map(withoutNumbers));
    this.#lines = lines;
    for (const line of lines) if (!before.has(withoutNumbers(line))) this.#logger.warn(line);
    for (const [key, line] of before) if (!now.has(key)) this.#logger.info(`no longer: ${line}`);
  }
}

/** Key of a warning: one whose figures alone differ is the same. */
function withoutNumbers(line: string): string {
  return line.replaceAll(/\d+/g, '#');
}
