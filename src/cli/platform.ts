import { loadConfig } from '../config/config.ts';
import type { Database } from '../db/database.ts';
import { serverName } from '../db/server-version.ts';
import {
  type InspectedTrigger,
  type InspectedTriggers,
  inspectTriggers,
} from '../platform/triggers/inspect.ts';
import { installTriggers } from '../platform/triggers/install.ts';
import { readsWithLocks } from '../platform/triggers/locking-reads.ts';
import { uninstallTriggers } from '../platform/triggers/uninstall.ts';
import { counted } from '../util/english.ts';
import type { CliContext } from './context.ts';
import { databaseAt, withDatabase } from './database-access.ts';
import { EXIT, type ExitCode } from './failure.ts';

export interface PlatformOptions {
  /** URL of the database; default: the configured one. */
  readonly url?: string;
}

/** Installs the triggers on the platform's tables, and reports the changes. */
export async function install(options: PlatformOptions, context: CliContext): Promise<void> {
  const { out } = context;
  await onDatabase(options, context, async (database, where) => {
    const { made, dropped } = await installTriggers(database);
    if (made.length === 0 && dropped.length === 0) {
      out.line(`${where} has the triggers already: there was nothing to do.`);
    } else {
      const replaced = dropped.length === 0 ? '' : `, ${dropped.length} of another version dropped`;
      out.line(`${where}: ${counted(made.length, 'trigger')} installed${replaced}.`);
      for (const { table, event, writes } of made)
        out.line(`  ${out.paint('dim', `${event.toLowerCase()} of ${table}:`)} ${writes.join(', ')}`);
    }
    if (await readsWithLocks(database)) out.line(LOCKS);
  });
}

/** Prints the state of each trigger. */
export async function status(options: PlatformOptions, context: CliContext): Promise<ExitCode> {
  const { out } = context;
  return await onDatabase(options, context, async (database, where) => {
    const inspected = await inspectTriggers(database);
    const { states, superseded, definers, goneDefiners } = inspected;
    out.line(out.paint('bold', where));
    for (const state of states) out.line(`  ${lineOf(state, context)}`);
    if (superseded.length > 0)
      out.line(`  of another version: ${superseded.join(', ')}. \`install\` replaces them.`);
    if (definers.length > 0)
      out.line(`They run with the rights of ${definers.join(' and ')}: keep that account, and its rights.`);
    const unseen = [...hiddenFrom(inspected)];
    for (const line of unseen) out.line(line);
    if (goneDefiners.length > 0)
      out.line(
        `${goneDefiners.join(' and ')} does not exist: the platform's own writes fail there. \`install\` replaces those triggers.`,
      );
    const found = new Set(states.map(({ state }) => state));
    if (goneDefiners.length > 0 || FAULTY.some((state) => found.has(state))) return EXIT.failed;
    return unseen.length > 0 ? EXIT.hidden : EXIT.fine;
  });
}

/** Drops the triggers, and reports the changes. */
export async function uninstall(options: PlatformOptions, context: CliContext): Promise<void> {
  const { out } = context;
  await onDatabase(options, context, async (database, where) => {
    const names = await uninstallTriggers(database);
    out.line(
      names.length === 0
        ? `${where} had no triggers of ours: there was nothing to do.`
        : `${where}: ${counted(names.length, 'trigger')} dropped. Rows that are in the outbox already are still published.`,
    );
  });
}

const LOCKS =
  'Note: this server writes its binary log by statement, so the triggers read names with locks, and a write of the platform may have to wait for another one. binlog_format = ROW avoids that.';

/** What this account cannot see, a sentence each. */
function* hiddenFrom({ states, definers, unseenDefiners }: InspectedTriggers): Generator<string> {
  const has = (wanted: string) => states.some(({ state }) => state === wanted);
  if (has('hidden')) yield 'This account cannot see the triggers of those tables: it needs TRIGGER on them.';
  if (has('installed') && definers.length === 0)
    yield 'This account cannot see as which account they run: it needs TRIGGER on their tables.';
  if (unseenDefiners.length > 0)
    yield `This account cannot see whether ${unseenDefiners.join(' and ')} still exists: GRANT SELECT (User, Host) ON mysql.user to it.`;
}

/** States that `install` ends. */
const FAULTY = ['missing', 'displaced', 'outdated'] as const;

const COLOURS = {
  installed: 'green',
  outdated: 'yellow',
  hidden: 'yellow',
  missing: 'red',
  displaced: 'red',
  orphaned: 'red',
} as const;

function lineOf({ trigger, state }: InspectedTrigger, { out }: CliContext): string {
  const colour = COLOURS[state];
  const what = `${trigger.event.toLowerCase()} of ${trigger.table}`;
  return `${out.paint(colour, (state === 'hidden' ? 'cannot see' : state).padEnd(10))} ${what.padEnd(29)} ${out.paint('dim', trigger.writes.join(', '))}`;
}

async function onDatabase<T>(
  { url }: PlatformOptions,
  { env, err, signal }: CliContext,
  work: (database: Database, where: string) => Promise<T>,
): Promise<T> {
  const config = url === undefined ? loadConfig(env).database : databaseAt(url);
  return await withDatabase(
    config,
    async (database) => work(database, `${database.name} on ${serverName(await database.flavour())}`),
    { start: true, log: (line) => err.line(err.paint('dim', line)), signal },
  );
}
