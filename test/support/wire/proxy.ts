import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureProgram } from '../database/apt.ts';
import { createAuthority } from './certificates.ts';
import { freePort } from './free-port.ts';

export type ProxyName = 'nginx' | 'haproxy';

export interface RunningProxy {
  /** `https://localhost:…`, with a certificate that no browser knows. */
  readonly url: string;
  stop(): Promise<void>;
}

export interface ProxyOptions {
  /** Of the service. */
  readonly port: number;
  /** The page's origin, which the configuration shall allow. */
  readonly origin: string;
}

/** The proxy with the configuration of `deploy/`, in which only addresses, files and the origin are others. */
export async function startProxy(name: ProxyName, { port, origin }: ProxyOptions): Promise<RunningProxy> {
  const program = await ensureProgram(name);
  const directory = await mkdtemp(join(tmpdir(), 'codecraft-proxy-'));
  const { certFile, keyFile } = await (await createAuthority(directory)).issue('DNS:localhost');
  const ownPort = await freePort();
  const file = (path: string) => join(directory, path);
  const substitute = (text: string, pairs: readonly (readonly [string, string])[]) =>
    pairs.reduce((left, [from, to]) => {
      if (!left.includes(from)) throw new Error(`deploy/ does not hold ${from} any more`);
      return left.replaceAll(from, to);
    }, text);
  const shared = [
    ['127.0.0.1:4400', `127.0.0.1:${port}`],
    ['https://codecraft.example', origin],
  ] as const;
  let args: string[];
  if (name === 'nginx') {
    const text = substitute(await readFile(resolve('deploy/nginx.conf'), 'utf8'), [
      ...shared,
      ['listen 8443', `listen 127.0.0.1:${ownPort}`],
      ['/etc/ssl/certs/codecraft-live.pem', certFile],
      ['/etc/ssl/private/codecraft-live.key', keyFile],
      ['/var/log/nginx/codecraft-live.log', file('access.log')],
    ]);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const temporaryPaths = temporary.map((kind) => `${kind}_temp_path ${file(kind)};`).join('\n');
    await writeFile(
      file('proxy.conf'),
      `pid ${file('pid')};\nevents {}\nhttp {\n${temporaryPaths}\n${text}\n}\n`,
    );
    args = ['-e', file('error.log'), '-c', file('proxy.conf'), '-g', 'daemon off;'];
  } else {
    const pem = (await readFile(certFile, 'utf8')) + (await readFile(keyFile, 'utf8'));
    await writeFile(file('server.pem'), pem);
    const text = substitute(await readFile(resolve('deploy/haproxy.cfg'), 'utf8'), [
      ...shared,
      ['bind :8443', `bind 127.0.0.1:${ownPort}`],
      ['/etc/ssl/private/codecraft-live.pem', file('server.pem')],
    ]);
    await writeFile(file('proxy.cfg'), text);
    args = ['-db', '-f', file('proxy.cfg')];
  }
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const output of [child.stdout, child.stderr])
    output.on('data', (chunk) => {
      said += chunk;
    });
  const stop = async () => {
    await ended(child);
    await rm(directory, { recursive: true, force: true });
  };
  while (!(await answers(ownPort))) {
    if (child.exitCode !== null) {
      await stop();
      throw new Error(`${name} did not start:\n${said}`);
    }
    await sleep(50);
  }
  return { url: `https://localhost:${ownPort}`, stop };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
    socket.once('connect', () => socket.destroy());
  });
}
