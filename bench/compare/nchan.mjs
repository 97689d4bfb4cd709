// nchan, the publish/subscribe module of nginx, as Debian packages it: one worker, messages in shared memory.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { get, NOTIFICATION, post } from './wire.mjs';

const NGINX = '/usr/sbin/nginx';
const MODULE = '/usr/lib/nginx/modules/ngx_nchan_module.so';
const PATIENCE_MS = 10_000;

/** Where nginx and the module are installed the peer, else undefined. */
export function nchanPeer(directory) {
  if (!existsSync(NGINX) || !existsSync(MODULE)) return undefined;
  return { name: 'nchan', start: () => start(directory) };
}

/** What to do where it is absent. */
export const NCHAN_ABSENT = `nchan is left out: ${NGINX} and ${MODULE} are needed (apt-get install nginx libnginx-mod-nchan).`;

async function start(parent) {
  const directory = await mkdtemp(join(parent, 'nchan-'));
  const port = await freePort();
  await mkdir(join(directory, 'body'));
  const config = join(directory, 'nginx.conf');
  await writeFile(config, configuration(directory, port));
  const child = spawn(NGINX, ['-c', config, '-e', join(directory, 'error.log')], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
  };
  const pids = await untilWorking(child.pid).catch(async (error) => {
    await stop();
    throw error;
  });
  const target = {
    port,
    request: get('/streams', 'Accept: text/event-stream'),
    opened: ': hi',
    publish: post('/events', 'X-EventSource-Event: announcement'),
    event: NOTIFICATION,
  };
  return { port, pids, target, stop };
}

function configuration(directory, port) {
  return `${process.getuid() === 0 ? 'user root;' : ''}
load_module ${MODULE};
daemon off;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log warn;
worker_processes 1;
worker_rlimit_nofile 20000;
events { worker_connections 16000; }
http {
  access_log off;
  client_body_temp_path ${directory}/body;
  fastcgi_temp_path ${directory}/body;
  proxy_temp_path ${directory}/body;
  scgi_temp_path ${directory}/body;
  uwsgi_temp_path ${directory}/body;
  keepalive_requests 10000000;
  tcp_nodelay on;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /events { nchan_publisher; nchan_channel_id bench; }
    location = /streams { nchan_subscriber eventsource; nchan_channel_id bench; nchan_subscriber_first_message newest; }
  }
}
`;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Process ids of the master and its worker, once that runs. */
async function untilWorking(master) {
  for (const limit = performance.now() + PATIENCE_MS; performance.now() < limit; await sleep(20)) {
    const workers = readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').trim();
    if (workers !== '') return [master, ...workers.split(' ').map(Number)];
  }
  throw new Error('nginx did not start its worker in time');
}
