import { loadConfig } from '../config/config.ts';
import type { Database } from '../db/database.ts';
import { type DeadLetter, readDeadLetters, retryDeadLetters } from '../events/outbox/dead-letters.ts';
import { type OutboxStats, readOutboxStats } from '../events/outbox/stats.ts';
import { parseId } from '../protocol/scope.ts';
import { counted } from '../util/english.ts';
import type { CliContext } from './context.ts';
import { databaseAt, withDatabase } from './database-access.ts';
import { CliFailure, EXIT } from './failure.ts';
import { safeJson, safeText } from './safe-text.ts';

export interface OutboxOptions {
  /** URL of the database; default: the configured one. */
  readonly url?: string;
}

export interface ListOptions extends OutboxOptions {
  readonly limit: string;
  readonly json?: boolean;
}

/** Lists the dead letters of event_outbox with their reasons. */
export async function listOutbox(options: ListOptions, context: CliContext): Promise<void> {
  const { out } = context;
  const limit = parseId(options.limit);
  if (limit === undefined) throw new CliFailure('--limit is a number of rows, from 1 on.', EXIT.usage);
  await withOutbox(options, context, async (database) => {
    const rows = await readDeadLetters(database, limit);
    if (options.json) {
      for (const row of rows) out.line(safeJson(row));
      return;
    }
    for (const row of rows) show(row, context);
    if (rows.length > 0) out.line();
    out.line(summary(await readOutboxStats(database)));
    const [newest] = rows;
    if (newest)
      out.line(
        `Correct a row with SQL, then run \`codecraft-live outbox retry ${newest.id}\`; or delete the row.`,
      );
  });
}

/** Makes the relay retry dead letters: the given ones, or all. */
export async function retryOutbox(
  which: readonly string[],
  options: OutboxOptions,
  context: CliContext,
): Promise<void> {
  const all = which.length === 0 || (which.length === 1 && which[0] === 'all');
  const ids = all ? undefined : which.map(idOf);
  await withOutbox(options, context, async (database) => {
    const count = await retryDeadLetters(database, ids);
    const missing = ids === undefined ? 0 : new Set(ids).size - count;
    if (missing > 0)
      throw new CliFailure(
        `${count === 0 ? '' : `${counted(count, 'row')} will be retried. `}${counted(missing, 'row')} of those named ${missing === 1 ? 'is' : 'are'} no dead ${missing === 1 ? 'letter' : 'letters'} (any more).`,
      );
    context.out.line(
      count === 0 ? 'There are no dead letters.' : `${counted(count, 'row')} will be retried.`,
    );
  });
}

function withOutbox(
  { url }: OutboxOptions,
  { env, err, signal }: CliContext,
  work: (database: Database) => Promise<void>,
): Promise<void> {
  const config = url === undefined ? loadConfig(env).database : databaseAt(url);
  const log = (line: string) => err.line(err.paint('dim', line));
  return withDatabase(config, work, { start: true, log, signal });
}

function show({ id, type, failedAt, attempts, error }: DeadLetter, { out }: CliContext): void {
  const times = attempts > 1 ? `, ${attempts} times` : '';
  out.line(`${out.paint('bold', `#${id} ${safeText(type)}`)} failed ${failedAt.toISOString()}${times}`);
  out.line(`  ${safeText(error ?? 'no reason given')}`);
}

function summary({ failed, waiting, oldestS }: OutboxStats): string {
  const age = waiting === 0 ? '' : `, the oldest for ${Math.round(oldestS)} s`;
  return `${counted(failed, 'dead letter')}, ${counted(waiting, 'row')} waiting${age}.`;
}

function idOf(text: string): number {
  const id = parseId(text);
  if (id === undefined)
    throw new CliFailure(`${JSON.stringify(text)} is not the id of a row: name ids, or all.`, EXIT.usage);
  return id;
}
