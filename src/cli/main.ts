#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';
import { onStopSignal } from '../service/stop-signals.ts';
import { createScreen } from './context.ts';
import { runCli } from './program.ts';

if (existsSync('.env')) loadEnvFile('.env');
const ending = new AbortController();
const end = (reason?: string) => ending.abort(reason);
onStopSignal(end);
for (const output of [process.stdout, process.stderr])
  output.on('error', (error: NodeJS.ErrnoException) => {
    // The reader is gone, as after `| head`: nothing is left to do.
    if (error.code !== 'EPIPE') throw error;
    end();
  });

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  out: createScreen(process.stdout, process.env),
  err: createScreen(process.stderr, process.env),
  signal: ending.signal,
  fetch,
});
