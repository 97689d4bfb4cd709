import type { Config } from '../../config/config.ts';
import type { Database } from '../../db/database.ts';
import { counted } from '../../util/english.ts';
import { readVersion } from '../../version.ts';
import type { CliContext } from '../context.ts';
import { hasEmbeddedData, runningEmbedded, withDatabase } from '../database-access.ts';
import { EXIT, type ExitCode } from '../failure.ts';
import { givenToken } from '../given-token.ts';
import { quickstartConfig, quickstartListener } from '../quickstart.ts';
import { serviceUrl } from '../service-url.ts';
import { checkConfiguration } from './configuration.ts';
import { checkSchema, checkServer } from './database.ts';
import { bounded, type Finding, note } from './finding.ts';
import { checkLog, checkSessions } from './log.ts';
import { checkOutbox } from './outbox.ts';
import { checkParticipants } from './participants.ts';
import { checkService } from './service.ts';
import { checkStream } from './stream.ts';
import { checkTriggers } from './triggers.ts';

export interface DoctorOptions {
  /** Address of the service, as its clients see it. */
  readonly url?: string;
  readonly token?: string;
}

/** Max duration of a check, ms. */
const CHECK_MS = 15_000;
/** Max duration of a start of the embedded database, ms; it includes recovery after a crash. */
const START_MS = 120_000;

/** Checks configuration, database, log and service, each as far as it is reachable, and reports what is wrong. */
export async function doctor(options: DoctorOptions, context: CliContext): Promise<ExitCode> {
  const { env, out } = context;
  const url = serviceUrl(options.url, env);
  const token = givenToken(options.token, env);
  let problems = 0;
  const report = (title: string, findings: readonly Finding[]) => {
    out.line(out.paint('bold', title));
    for (const { level, text } of findings) out.line(`  ${markOf(level, context)} ${text}`);
    problems += findings.filter(({ level }) => level === 'wrong').length;
  };

  const { config, findings } = checkConfiguration(env, process.versions.node);
  report('Configuration', findings);
  if (config !== undefined) await reportDatabase(config, report, context);
  await reportService({ url, explicit: Boolean(options.url ?? env.LIVE_URL), token }, report, context);

  out.line();
  if (problems > 0) out.line(out.paint('red', `${counted(problems, 'thing')} wrong.`));
  else out.line(out.paint('green', 'Nothing is wrong.'));
  return problems > 0 ? EXIT.failed : EXIT.fine;
}

type Report = (title: string, findings: readonly Finding[]) => void;

async function reportDatabase(config: Config, report: Report, { err, signal }: CliContext): Promise<void> {
  const { database: settings } = config;
  let limitMs = 5 * CHECK_MS;
  if (settings.kind === 'embedded' && (await runningEmbedded(settings.directory)) === undefined) {
    if (!hasEmbeddedData(settings.directory))
      return report('Database', [note('There is no embedded database yet: `npm start` makes one.')]);
    err.line(err.paint('dim', 'starting the embedded database for a moment'));
    limitMs += START_MS;
  }
  const failures = await bounded('The database', limitMs, async () => {
    await withDatabase(settings, (database) => reportOpenDatabase(database, config, report), {
      start: true,
      signal,
    });
    return [];
  });
  if (failures.length > 0) report('Database', failures);
}

async function reportOpenDatabase(database: Database, config: Config, report: Report): Promise<void> {
  const server = await bounded('The server', CHECK_MS, () => checkServer(database));
  if (!canContinue(server)) return report('Database', server);
  const schema = await bounded('The schema', CHECK_MS, () => checkSchema(database));
  report('Database', [...server, ...schema]);
  if (!canContinue(schema)) return;
  const { heartbeatTimeoutMs } = config.stream;
  report('Log', [
    ...(await bounded('The log', CHECK_MS, () => checkLog(database))),
    ...(await bounded('The outbox', CHECK_MS, () => checkOutbox(database))),
    ...(await bounded('The triggers', CHECK_MS, () => checkTriggers(database))),
    ...(await bounded('The participants', CHECK_MS, () => checkParticipants(database))),
    ...(await bounded('Sessions', CHECK_MS, () => checkSessions(database, heartbeatTimeoutMs))),
  ]);
}

async function reportService(
  { url, explicit, token }: { url: URL; explicit: boolean; token: string | undefined },
  report: Report,
  { env, fetch, signal }: CliContext,
): Promise<void> {
  const version = readVersion();
  const { reachable, findings } = await checkService({ url, explicit, version, fetch, signal });
  report('Service', findings);
  if (!reachable) return;
  const config = quickstartConfig(url, env);
  const quickstartToken = async () =>
    config === undefined ? undefined : (await quickstartListener(config, [])).token();
  const usable = token ?? (await quickstartToken().catch(() => undefined));
  report(
    'Streams',
    usable === undefined
      ? [note('Give a token with --token to test a stream, too.')]
      : await bounded('A stream', CHECK_MS, () => checkStream({ url, token: usable, fetch, signal })),
  );
}

/** Whether the checks that depend on these findings can run: one of them is good, though others may be wrong. */
function canContinue(findings: readonly Finding[]): boolean {
  return findings.some(({ level }) => level === 'good');
}

function markOf(level: Finding['level'], { out }: CliContext): string {
  if (level === 'good') return out.paint('green', '✓');
  return level === 'note' ? out.paint('cyan', 'i') : out.paint('red', '✗');
}
