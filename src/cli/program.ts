import { Command, CommanderError } from 'commander';
import { readVersion } from '../version.ts';
import type { CliContext } from './context.ts';
import { doctor } from './doctor/doctor.ts';
import { CliFailure, EXIT, type ExitCode, explain } from './failure.ts';
import { ingest } from './ingest.ts';
import { runMigrate } from './migrate/migrate.ts';
import { listOutbox, retryOutbox } from './outbox.ts';
import { install, status, uninstall } from './platform.ts';
import { publish } from './publish/publish.ts';
import { safeLines } from './safe-text.ts';
import { start } from './start/start.ts';
import { tail } from './tail/tail.ts';
import { printToken } from './token.ts';

/** Runs a command line. Returns the exit code. */
export async function runCli(args: readonly string[], context: CliContext): Promise<ExitCode> {
  const { err, signal } = context;
  let exitCode: ExitCode = EXIT.fine;
  const program = createProgram(context, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage;
    if (signal.aborted) return EXIT.failed;
    err.line(`${err.paint('red', 'error:')} ${safeLines(explain(error))}`);
    return error instanceof CliFailure ? error.exitCode : EXIT.failed;
  }
}

function createProgram(context: CliContext, setExitCode: (code: ExitCode) => void): Command {
  const { env, out, err, signal } = context;
  const program = new Command('codecraft-live')
    .description(
      'CodeCraft Live from the command line: watch streams, publish events, maintain the database.',
    )
    .version(readVersion(), '-V, --version', 'Print the version')
    .helpOption('-h, --help', 'Print this help')
    .helpCommand('help [command]', 'Print the help of a command')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => out.write(text),
      writeErr: (text) => err.write(text),
      getOutHelpWidth: () => Math.min(out.columns, 110),
      getErrHelpWidth: () => Math.min(err.columns, 110),
      getOutHasColors: () => out.hasColours,
      getErrHasColors: () => err.hasColours,
    })
    .configureHelp({ styleTitle: (title) => out.paint('bold', title), sortSubcommands: false })
    .showHelpAfterError('(add --help for what it takes)')
    .addHelpText('after', PROGRAM_NOTES);

  program
    .command('start')
    .summary('run the service')
    .description(
      'Runs the service until it gets a signal. With more workers than one they share its port, and one that ends is started again.',
    )
    .option('-w, --workers <count>', 'how many processes (default: WORKERS, or 1)')
    .addHelpText('after', examples('codecraft-live start --workers 4'))
    .action(({ workers = env.WORKERS }) => start({ ...env, WORKERS: workers }, signal));

  program
    .command('token')
    .summary('make a token for development')
    .description(
      'Makes a token that the configured service accepts, and prints it, and nothing else.\nThe secret is JWT_SECRET, or the one that the quickstart keeps in .data.',
    )
    .option('--user <id>', 'for a user, by users.id')
    .option('--player <id>', 'for the user of a player, by player.id')
    .option('--admin', 'for the first active admin')
    .option('--service <name>', 'for a service that publishes, under this name')
    .option('--ttl <time>', 'how long it is valid: 30m, 12h, 7d', '7d')
    .option('--yes', 'also in production')
    .addHelpText(
      'after',
      examples(
        'TOKEN=$(npm run -s live -- token --player 7)',
        'codecraft-live token --service judge --ttl 1h',
      ),
    )
    .action((options) => printToken(options, context));

  program
    .command('tail')
    .summary('watch what happens, live')
    .description(
      'Shows what happens in scopes, live, until Ctrl-C. After a lost connection it resumes at its cursor.\nScopes: player:me, player:7, contest:3, contest:3:leaderboard, problem:5, global.',
    )
    .argument('<scope...>', 'scopes to subscribe to')
    .option('-u, --url <url>', URL_HELP)
    .option('-t, --token <token>', TOKEN_HELP)
    .option('--types <types>', 'only these types: LEVEL_UP,RANK_CHANGE')
    .option('--since <cursor>', 'begin after this cursor; `earliest`: with everything that is kept')
    .option('--json', 'one line of JSON for each event: { event, cursor, data }')
    .addHelpText(
      'after',
      examples(
        'codecraft-live tail player:7 contest:3',
        'codecraft-live tail global --since earliest --json | jq',
      ),
    )
    .action(async (scopes, options) => setExitCode(await tail(scopes, options, context)));

  program
    .command('publish')
    .summary('publish an event')
    .description('Publishes one event, and prints its notifications once it is durable.')
    .argument('<type>', 'the type of event: LEVEL_UP')
    .argument('[data...]', 'what happened: JSON, key=value pairs, or - to read JSON from the standard input')
    .option('-u, --url <url>', URL_HELP)
    .option('-t, --token <token>', TOKEN_HELP)
    .option('-k, --key <key>', 'an idempotency key: the same event with the same key is published once')
    .option('--json', 'print the answer of the service as it is')
    .addHelpText(
      'after',
      examples(
        'codecraft-live publish LEVEL_UP playerId=7 oldLevel=11 newLevel=12',
        `codecraft-live publish ANNOUNCEMENT '{"title":"Hello","message":"We are live"}'`,
      ),
    )
    .action((type, data, options) => publish(type, data, options, context));

  program
    .command('ingest')
    .summary('publish the events of a Redis stream')
    .description(
      'Publishes what is added to a stream of the Redis at REDIS_URL, in batches, each entry once, until Ctrl-C.\nAny number may run at once. Entries that cannot be published are moved to a stream of their own, with the reason.',
    )
    .option('-s, --stream <key>', 'the stream', 'live:events')
    .option('-g, --group <name>', 'the consumer group', 'codecraft-live')
    .option('--dead <key>', 'the stream of dead letters (default: <stream>:dead)')
    .option('--claim-after <time>', 'take over what a consumer has not acknowledged for this long', '30s')
    .option('--keep', 'leave published entries in the stream, for other groups')
    .option('--once', 'end when nothing is left')
    .option('--port <port>', 'serve /metrics and /ready on this port of HOST')
    .addHelpText(
      'after',
      examples(
        `redis-cli XADD live:events '*' type LEVEL_UP data '{"playerId":7,"oldLevel":11,"newLevel":12}'`,
        'codecraft-live ingest --port 9400',
      ),
    )
    .action((options) => ingest(options, context));

  program
    .command('migrate')
    .summary('bring a database up to date')
    .description(
      'Brings the database to the schema of this version, and prints what was done. Harmless when repeated.',
    )
    .option('-u, --url <url>', DATABASE_HELP)
    .option('--plan', 'print what would be done, and change nothing')
    .action(async (options) => setExitCode(await runMigrate(options, context)));

  const platform = program
    .command('platform')
    .summary("publish the platform's own writes")
    .description(
      "Triggers on the platform's tables, which publish what it writes without changes to its code.",
    )
    .addHelpText('after', PLATFORM_NOTES);
  platform
    .command('install')
    .description('Installs the triggers, or brings them up to date. Harmless when repeated.')
    .option('-u, --url <url>', DATABASE_HELP)
    .action((options) => install(options, context));
  platform
    .command('status')
    .description('Prints the state of each trigger. Ends with code 1 unless all are installed.')
    .option('-u, --url <url>', DATABASE_HELP)
    .action(async (options) => setExitCode(await status(options, context)));
  platform
    .command('uninstall')
    .description('Drops the triggers, and nothing else.')
    .option('-u, --url <url>', DATABASE_HELP)
    .action((options) => uninstall(options, context));

  const outbox = program
    .command('outbox')
    .summary('inspect and retry dead letters of the outbox')
    .description(
      'The service publishes what SQL writes into event_outbox. Rows that are not valid become dead letters, with the reason.',
    );
  outbox
    .command('list', { isDefault: true })
    .description('Lists the dead letters with their reasons, newest first.')
    .option('-u, --url <url>', DATABASE_HELP)
    .option('-n, --limit <count>', 'how many', '20')
    .option('--json', 'one line of JSON for each row, with its payload')
    .action((options) => listOutbox(options, context));
  outbox
    .command('retry')
    .description('Makes the service retry dead letters.')
    .argument('[id...]', 'which rows, or all', ['all'])
    .option('-u, --url <url>', DATABASE_HELP)
    .addHelpText('after', examples('codecraft-live outbox retry 12 15', 'codecraft-live outbox retry all'))
    .action((ids, options) => retryOutbox(ids, options, context));

  program
    .command('doctor')
    .summary('find out what is wrong')
    .description(
      'Checks configuration, database, log and service, and what a proxy does to a stream.\nEnds with code 1 when something is wrong.',
    )
    .option('-u, --url <url>', URL_HELP)
    .option(
      '-t, --token <token>',
      'for the test stream (default: LIVE_TOKEN, or one made for the quickstart)',
    )
    .addHelpText('after', examples('codecraft-live doctor --url https://live.codecraft.example'))
    .action(async (options) => setExitCode(await doctor(options, context)));

  return program;
}

const URL_HELP = 'where the service is (default: LIVE_URL, or this machine)';
const DATABASE_HELP = 'the database, as mysql://user:password@host:3306/name (default: the configured one)';
const TOKEN_HELP = 'who you are (default: LIVE_TOKEN, or one made for the quickstart)';

const PROGRAM_NOTES = `
It reads the same variables as the service, also from .env (.env.example describes them), and
  LIVE_URL    where the service is
  LIVE_TOKEN  the token to use
  NO_COLOR    no colours

It ends with code 0 when all went well, 1 when something did not, 2 when the command was not
understood, 3 when the service did not accept the token, and 4 when the account of the
database may not see what was asked.`;

const PLATFORM_NOTES = `
They run with the rights of the account that installs them. It needs TRIGGER and SELECT on the platform's tables and
INSERT on event_outbox, and must keep them: were it dropped, the platform's own writes would fail.`;

function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}
