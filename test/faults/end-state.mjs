import { setTimeout as sleep } from 'node:timers/promises';
import { platformToken } from './tokens.mjs';

const SETTLE_MS = 60_000;
/** Heap that a node may keep beyond its start: the ring of recent frames, caches. */
const HEAP_ALLOWANCE = 48 * 1024 * 1024;

/** Heap and connections of each node without streams, after a garbage collection. */
export async function readResources(nodes, database) {
  const resources = [];
  for (const node of nodes) resources.push({ heap: await heapOf(node) });
  return { nodes: resources, connections: await connectionsOf(database) };
}

/** The service adds to `global` what is for players alone, and to a leaderboard what a freeze shows of it. */
const isRequested = (scope) => scope !== 'players' && !scope.endsWith(':shown');

/** What is wrong with sessions and presence while every reader's stream is open. */
export async function checkOpenState({ nodes, readers, platform }) {
  const wanted = readers
    .map(({ player, scopes }) => `${player.id} ${[...scopes].sort().join(' ')}`)
    .sort()
    .join('\n');
  const online = new Set(readers.map(({ player }) => player.id));
  return settled(async () => {
    const wrong = [];
    for (const node of nodes) {
      const sessions = await listSessions(node, platform);
      const got = sessions
        .map(({ playerId, scopes }) => `${playerId} ${scopes.filter(isRequested).sort().join(' ')}`)
        .sort()
        .join('\n');
      if (got !== wanted)
        wrong.push(`${node.url} lists ${sessions.length} sessions, not the ${readers.length} open`);
      const { count } = await ask(node, '/players/online', platform);
      if (count !== online.size) wrong.push(`${node.url} counts ${count} players online, not ${online.size}`);
    }
    return wrong;
  });
}

/** What is wrong once every stream is closed. */
export function checkClosedState({ nodes, platform, database, before }) {
  return settled(async () => {
    const wrong = [];
    for (const [index, node] of nodes.entries()) {
      const sessions = await listSessions(node, platform);
      if (sessions.length > 0) wrong.push(`${node.url} lists ${sessions.length} sessions of closed streams`);
      const { count } = await ask(node, '/players/online', platform);
      if (count !== 0) wrong.push(`${node.url} counts ${count} players online of closed streams`);
      const { streams } = await ask(node, '/health', platform);
      if (streams !== 0) wrong.push(`${node.url} holds ${streams} streams that are closed`);
      const heap = await heapOf(node);
      const limit = before.nodes[index].heap + HEAP_ALLOWANCE;
      if (heap > limit) wrong.push(`${node.url} holds ${heap} bytes, more than ${limit}`);
    }
    const connections = await connectionsOf(database);
    const limit = before.connections + nodes.length * 10;
    if (connections > limit) wrong.push(`the nodes hold ${connections} connections, more than ${limit}`);
    return wrong;
  });
}

/** Repeats a check until it finds nothing, or until it should have. */
async function settled(check) {
  for (const limit = Date.now() + SETTLE_MS; ; await sleep(200)) {
    const wrong = await check().catch((error) => [String(error)]);
    if (wrong.length === 0 || Date.now() > limit) return wrong;
  }
}

async function listSessions(node, platform) {
  const sessions = [];
  for (let cursor = ''; cursor !== null; ) {
    const page = await ask(node, `/sessions?limit=200${cursor}`, platform);
    sessions.push(...page.sessions);
    cursor = page.next === null ? null : `&cursor=${encodeURIComponent(page.next)}`;
  }
  return sessions;
}

async function ask(node, path, { adminId }) {
  const response = await fetch(`${node.url}${path}`, {
    headers: { authorization: `Bearer ${platformToken(adminId)}` },
    signal: AbortSignal.timeout(5_000),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

async function heapOf(node) {
  node.collectGarbage();
  await sleep(300);
  const response = await fetch(`${node.url}/metrics`, { signal: AbortSignal.timeout(5_000) });
  const text = await response.text();
  return Number(/^nodejs_heap_size_used_bytes\S* (\S+)$/m.exec(text)?.[1]);
}

async function connectionsOf(database) {
  const connection = await database.connect();
  const [[{ count }]] = await connection.query(
    "SELECT COUNT(*) AS count FROM information_schema.PROCESSLIST WHERE USER = 'live'",
  );
  await connection.end();
  return Number(count);
}
