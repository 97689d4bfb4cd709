import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';
import { parseArgs } from 'node:util';
import { EXIT, explainKnown } from './cli/failure.ts';
import { readAssignment } from './cli/start/assignment.ts';
import { start, startWorker } from './cli/start/start.ts';
import { onStopSignal } from './service/stop-signals.ts';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { workers: { type: 'string' } } });
  if (existsSync('.env')) loadEnvFile('.env');
  const { workers = process.env.WORKERS } = values;
  const stopping = new AbortController();
  onStopSignal((signal) => stopping.abort(signal));
  const assignment = readAssignment(process.env);
  if (assignment !== undefined) return startWorker(assignment, process.env, stopping);
  await start({ ...process.env, WORKERS: workers }, stopping.signal);
}

// Writing to a terminal that is gone fails; the service still closes.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {});

main().catch((error: unknown) => {
  if ((error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS')) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(EXIT.usage);
  }
  const unknown = () => (error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.stderr.write(`${explainKnown(error) ?? unknown()}\n`);
  process.exit(1);
});
