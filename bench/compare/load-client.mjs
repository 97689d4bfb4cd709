// The compiled load client of `bench/load`: built into a directory of its own, and driven by a command a line.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const SOURCES = join(import.meta.dirname, '../load');

/** No C compiler, or it failed. The message says what to do. */
export class LoadBuildError extends Error {}

/**
 * Compiles the client and the ceiling into `directory`.
 * @returns paths of both programs
 * @throws LoadBuildError
 */
export async function buildLoad(directory) {
  const compile = async (name) => {
    const sources = (await readdir(join(SOURCES, name))).filter((file) => file.endsWith('.c'));
    const program = join(directory, `load-${name}`);
    await promisify(execFile)('cc', [
      '-O2',
      '-o',
      program,
      ...sources.map((file) => join(SOURCES, name, file)),
    ]);
    return program;
  };
  try {
    return { client: await compile('client'), ceiling: await compile('ceiling') };
  } catch (error) {
    if (error.code !== 'ENOENT')
      throw new LoadBuildError(`The load client does not compile:\n${error.stderr}`);
    throw new LoadBuildError(
      'The bench needs a C compiler: `cc` was not found. Install one, for example with `apt-get install gcc libc6-dev`.',
    );
  }
}

let files = 0;

/**
 * Starts the client against a server.
 *
 * @param program path of the compiled client
 * @param directory for the files that it reads
 * @param target `port`; `request`, `opened`, `publish`, `event` and, where the server needs them, `tokens`, `replyTo`, `reply`:
 *   texts as `bench/load/client/main.c` describes them
 * @returns `command`, which sends a line and resolves with the answer, and `close`
 */
export async function startLoad(program, directory, target) {
  const given = ['--port', String(target.port), '--opened', target.opened];
  const file = async (option, content) => {
    if (content === undefined) return;
    const path = join(directory, `load-${++files}`);
    await writeFile(path, content);
    given.push(option, path);
  };
  await file('--request', target.request);
  await file('--tokens', target.tokens);
  await file('--publish', target.publish);
  await file('--event', target.event);
  if (target.replyTo !== undefined) given.push('--reply-to', target.replyTo);
  await file('--reply', target.reply);
  const child = spawn(program, given, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.on('error', () => {});
  return {
    pid: child.pid,
    async command(text) {
      child.stdin.write(`${text}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`The load client ended during \`${text}\`.`);
      return JSON.parse(value);
    },
    async close() {
      child.stdin.end();
      child.kill('SIGKILL');
      await exited;
    },
  };
}
