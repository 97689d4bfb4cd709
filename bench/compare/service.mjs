// The built service on its own embedded database, with default settings, and what its clients send.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deriveKeys } from '../../dist/auth/keys.js';
import { mintPlatformToken, mintServiceToken } from '../../dist/auth/mint.js';
import { openDatabase } from '../../dist/db/database.js';
import { startEmbeddedDatabase } from '../../dist/db/embedded/embedded-database.js';
import { migrate } from '../../dist/migrate/migrate.js';
import { startService } from '../server-process.mjs';
import { CONTEST, EVENT, get, post } from './wire.mjs';

export const SECRET = 'bench-bench-bench-bench-bench';
/** Users, each with a token of their own. */
const USERS = 10_000;
const ROWS_PER_STATEMENT = 1_000;

/** Makes `kill -USR2` collect garbage, so that memory is compared without what was merely not collected yet. */
export const COLLECTS = [
  '--expose-gc',
  '--import',
  'data:text/javascript,process.on("SIGUSR2",()=>{gc();gc()})',
];

/** Creates the database in `directory`, with users and a public live contest, and mints a token for each user. */
export async function prepareService(directory) {
  const data = join(directory, 'data');
  const server = await startEmbeddedDatabase({ directory: data });
  try {
    await fill(server.url);
  } finally {
    await server.stop();
  }
  const ids = Array.from({ length: USERS }, (_, index) => index + 1);
  const tokens = await Promise.all(ids.map((id) => mintPlatformToken(SECRET, id)));
  const publisher = await mintServiceToken(deriveKeys({ secret: SECRET }).service, 'bench');
  const env = { DATA_DIR: data, JWT_SECRET: SECRET, DEMO: 'off' };
  const target = {
    request: get(`/streams/contests/${CONTEST}`, 'Authorization: Bearer {token}'),
    tokens: `${tokens.join('\n')}\n`,
    opened: 'event: caught-up',
    publish: post('/events', `Authorization: Bearer ${publisher}`),
    event: EVENT,
  };
  return {
    name: 'service',
    env,
    publisher,
    data,
    target,
    /** `opened`: what shows the load client that a stream is open. */
    async start({ flags = [], env: added = {}, opened = target.opened } = {}) {
      const service = await startService({ ...env, ...added }, flags);
      const database = JSON.parse(readFileSync(join(data, 'mariadb/server.json'), 'utf8')).pid;
      return {
        ...service,
        pids: [service.pid, database],
        databaseUrl: server.url,
        target: { ...target, opened, port: service.port },
      };
    },
  };
}

async function fill(url) {
  const database = openDatabase({ url });
  try {
    await migrate(database);
    const ids = Array.from({ length: USERS }, (_, index) => index + 1);
    for (let at = 0; at < USERS; at += ROWS_PER_STATEMENT) {
      const some = ids.slice(at, at + ROWS_PER_STATEMENT);
      await database.execute('INSERT INTO users (id, name, email, password) VALUES ?', [
        some.map((id) => [id, `User ${id}`, `user-${id}@bench.example`, '-']),
      ]);
      await database.execute('INSERT INTO player (id, user_id, level) VALUES ?', [
        some.map((id) => [id, id, 1]),
      ]);
    }
    await database.execute(
      `INSERT INTO contest (id, created_by, problems, title, status, start_time, end_time, duration_mins)
       VALUES (?, 1, '[]', 'Bench', 'LIVE', '2026-01-01 00:00:00', '2100-01-01 00:00:00', 90)`,
      [CONTEST],
    );
  } finally {
    await database.close();
  }
}
