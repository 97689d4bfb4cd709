import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const COM_QUERY = 3;
/** A server has answered when it has been quiet for so long, in ms. */
const ANSWERED_MS = 30;
const ANSWER_LIMIT_MS = 5_000;

/**
 * The TCP hop between one node and the database. A partition breaks nothing: what was open stays open and silent for
 * good, and what is opened meanwhile is served once the partition is over, by the server that is then the current one.
 * `exchange` keeps idle connections while the server behind them becomes another, as ProxySQL does.
 */
export async function startDatabaseProxy(database) {
  const pairs = new Set();
  const waiting = new Set();
  let partitioned = false;
  const server = createServer((client) => {
    client.on('error', () => {});
    if (!partitioned) return join(client);
    client.pause();
    waiting.add(client);
    client.once('close', () => waiting.delete(client));
  });

  function join(client) {
    const pair = { client, upstream: undefined, silent: false, ...newSession() };
    pairs.add(pair);
    use(pair, connect(database.socketPath()));
    client.on('data', (chunk) => {
      note(pair, chunk);
      if (!pair.silent && !pair.upstream.write(chunk)) client.pause();
    });
    client.once('close', () => {
      pairs.delete(pair);
      pair.upstream.destroy();
    });
  }

  /** Leads a pair to a server. */
  function use(pair, upstream) {
    pair.upstream = upstream;
    upstream.on('error', () => {});
    upstream.on('drain', () => pair.client.resume());
    upstream.on('data', (chunk) => {
      if (pair.silent || pair.upstream !== upstream) return;
      pair.awaiting = false;
      if (!pair.client.write(chunk)) {
        upstream.pause();
        pair.client.once('drain', () => upstream.resume());
      }
    });
    upstream.once('close', () => {
      if (!pair.silent && pair.upstream === upstream) pair.client.destroy();
    });
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `mysql://live@127.0.0.1:${server.address().port}/live`,
    partition() {
      partitioned = true;
      for (const pair of pairs) {
        pair.silent = true;
        pair.upstream.pause();
        pair.client.resume();
      }
    },
    heal() {
      partitioned = false;
      for (const client of waiting) {
        waiting.delete(client);
        client.resume();
        join(client);
      }
    },
    /**
     * Leads what is idle and holds nothing to the server that is now the current one; breaks the rest. Returns how many
     * connections were kept.
     */
    async exchange() {
      const kept = [];
      for (const pair of pairs) {
        if (pair.awaiting || pair.holds || !pair.login) pair.client.destroy();
        else {
          pair.client.pause();
          kept.push(pair);
        }
      }
      await Promise.all(
        kept.map(async (pair) => {
          const before = pair.upstream;
          const upstream = await openSession(database.socketPath(), pair);
          use(pair, upstream);
          before.destroy();
          pair.client.resume();
        }),
      );
      return kept.length;
    },
    async close() {
      for (const { client, upstream } of pairs) {
        client.destroy();
        upstream.destroy();
      }
      for (const client of waiting) client.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** What a proxy has to know of a session to open the same one on another server. */
function newSession() {
  return {
    /** The client's answer to the greeting: with an empty password it suits every server. */
    login: undefined,
    /** Packets that set session variables. */
    settings: [],
    /** A question is under way. */
    awaiting: true,
    /** A transaction or a named lock, which no other server has. */
    holds: false,
  };
}

/** Takes note of what a client sends: it sends a packet at a time, and waits for the answer. */
function note(pair, chunk) {
  pair.awaiting = true;
  if (!pair.login) {
    pair.login = chunk;
    return;
  }
  if (chunk.length < 5 || chunk[4] !== COM_QUERY) return;
  // Where the server takes attributes of a query, two counts come before its text.
  const sql = chunk.toString('latin1', chunk[5] < 2 ? 7 : 5);
  if (/^SET (NAMES|SESSION)/.test(sql)) pair.settings.push(chunk);
  if (/GET_LOCK/.test(sql)) pair.holds = 'lock';
  if (pair.holds === 'lock') return;
  if (/^(START TRANSACTION|BEGIN)/.test(sql)) pair.holds = !/COMMIT/.test(sql);
  else if (/^(COMMIT|ROLLBACK)/.test(sql)) pair.holds = false;
}

async function openSession(socketPath, { login, settings }) {
  const upstream = connect(socketPath);
  upstream.on('error', () => {});
  for (const packet of [undefined, login, ...settings]) {
    if (packet) upstream.write(packet);
    await answerOf(upstream);
  }
  return upstream;
}

/** Resolves once a server has answered, and has been quiet since. */
async function answerOf(upstream) {
  let answeredAt = Number.POSITIVE_INFINITY;
  const answered = () => {
    answeredAt = performance.now();
  };
  upstream.on('data', answered);
  for (const limit = performance.now() + ANSWER_LIMIT_MS; performance.now() < limit; await sleep(5))
    if (performance.now() - answeredAt > ANSWERED_MS) break;
  upstream.off('data', answered);
}
