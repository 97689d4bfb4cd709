// A server in a process of its own: started within a bounded time, and stopped for certain.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Options of Node with which `npm start` and the image start the service. */
const { scripts } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'));
const SHIPPED_FLAGS = scripts.start.split(' ').filter((part) => part.startsWith('--'));

/** How long it may take to start, and to stop, in ms. */
const PATIENCE_MS = 60_000;

/**
 * The built service, on any free port.
 *
 * @param env what it is told beside the port
 * @param flags of Node itself, beside those that it is shipped with
 */
export function startService(env, flags = []) {
  const child = spawn(
    process.execPath,
    [...SHIPPED_FLAGS, ...flags, join(import.meta.dirname, '../dist/main.js')],
    {
      env: { PATH: process.env.PATH, NODE_ENV: 'test', LOG_LEVEL: 'info', PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let said = '';
  const port = new Promise((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text) => {
      said = (said + text).slice(-10_000);
      const listening = /"port":(\d+).*"listening"/.exec(said);
      if (listening) resolve(Number(listening[1]));
    });
  });
  return running(child, port, () => said.slice(-2_000));
}

/** A file that sends its port to whoever started it. */
export function startFile(file, flags = []) {
  const child = spawn(process.execPath, [...flags, file], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return running(child, new Promise((resolve) => child.once('message', ({ port }) => resolve(port))));
}

/** @throws when it ends, or takes too long, before it has a port */
async function running(child, port, lastOutput = () => '') {
  const exited = once(child, 'exit');
  let stopping = false;
  const stop = async () => {
    stopping = true;
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    await exited;
    clearTimeout(kill);
  };
  let late;
  const failed = new Promise((_, reject) => {
    late = setTimeout(() => reject(new Error('the server did not start in time')), PATIENCE_MS);
    exited.then(([code, signal]) => reject(new Error(`the server ended: ${signal ?? code}`)));
  });
  // Once it runs, its end shows in its connections; what it wrote last may say why.
  failed.catch(({ message }) => {
    if (!stopping) process.stderr.write(`${message}\n${lastOutput()}`);
  });
  try {
    return { port: await Promise.race([port, failed]), pid: child.pid, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(late);
  }
}
