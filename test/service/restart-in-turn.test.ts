import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { mintPlatformToken } from '../../src/auth/mint.ts';
import { connect } from '../../src/client/connect.ts';
import { loadConfig } from '../../src/config/config.ts';
import { createService, type Service } from '../../src/service/service.ts';
import { type Received, record } from '../support/client/recording.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { createPlayer } from '../support/database/platform.ts';
import { environment, note, publishTo, SECRET, serviceTokenOf } from '../support/service.ts';
import { until } from '../support/until.ts';
import { type Balancer, startBalancer } from '../support/wire/balancer.ts';
import { type Listener, listen } from '../support/wire/listener.ts';
import { readStream } from '../support/wire/raw-stream.ts';

const NODES = 3;
const PLAYERS = 4;
/** Publications that are acknowledged to each player before the next node is restarted. */
const ROUND = 20;
const RETRY_MS = 40;
const WAIT_MS = 60_000;

interface Node {
  readonly service: Service;
  readonly url: string;
}

interface Player {
  readonly id: number;
  /** Titles of what was acknowledged, in order. */
  readonly sent: string[];
  readonly client: Received;
  readonly source: Listener;
}

describe('Nodes behind a load balancer that are restarted in turn', { timeout: 240_000 }, () => {
  let test: TestDatabase;
  let balancer: Balancer;
  let nodes: Node[];
  let serviceToken: string;

  async function startNode(): Promise<Node> {
    const config = loadConfig(
      environment(test.url, {
        STREAM_RETRY_MS: String(RETRY_MS),
        SHUTDOWN_DRAIN_MS: '1500',
        SHUTDOWN_SPREAD_MS: '500',
      }),
    );
    const service = await createService(config, pino({ level: 'silent' }));
    return { service, url: `http://127.0.0.1:${await service.listen()}` };
  }

  /** Puts a new node in the place of one. Resolves when the old one is closed and the new one is ready. */
  async function restart(old: Node): Promise<void> {
    await old.service.close();
    nodes = [...nodes.filter((node) => node !== old), await startNode()];
    balancer.use(nodes.map(({ url }) => url));
    await until(() => balancer.ready.size === NODES, WAIT_MS);
  }

  beforeAll(async () => {
    test = await createTestDatabase();
    serviceToken = await serviceTokenOf(SECRET);
    balancer = await startBalancer();
    nodes = [];
    for (let started = 0; started < NODES; started++) nodes.push(await startNode());
    balancer.use(nodes.map(({ url }) => url));
    await until(() => balancer.ready.size === NODES, WAIT_MS);
  }, 120_000);
  afterAll(async () => {
    await balancer?.close();
    await Promise.all(nodes.map(({ service }) => service.close()));
    await test?.drop();
  });

  async function arrive(): Promise<Player> {
    const { userId, playerId } = await createPlayer(test.database);
    const token = await mintPlatformToken(SECRET, userId);
    const client = connect({
      url: balancer.url,
      scopes: ['player:me'],
      getToken: () => token,
      backoff: { firstMs: 20, mostMs: 200 },
    });
    onTestFinished(() => client.close());
    const received = record(client);
    const source = listen(`${balancer.url}/streams/players/me`, token);
    onTestFinished(() => source.close());
    await until(() => client.state === 'open' && source.opened.length > 0, WAIT_MS);
    return { id: playerId, sent: [], client: received, source };
  }

  it('lose, double and reorder nothing, for publishers and streams alike', async () => {
    const players: Player[] = [];
    for (let index = 0; index < PLAYERS; index++) players.push(await arrive());
    let over = false;
    onTestFinished(() => {
      over = true;
    });
    // Each player's events are published one after the other; one that was not acknowledged is repeated with its key.
    const publishing = players.map(async ({ id, sent }) => {
      while (!over) {
        const title = `${id}/${sent.length}`;
        const event = { ...note(id, title), idempotencyKey: title };
        const response = await publishTo(balancer.url, serviceToken, event).catch(() => undefined);
        if (response?.ok) sent.push(title);
      }
    });
    for (const node of nodes) {
      const goals = players.map(({ sent }) => sent.length + ROUND);
      await until(() => players.every(({ sent }, index) => sent.length > (goals[index] ?? 0)), WAIT_MS);
      await restart(node);
    }
    over = true;
    await Promise.all(publishing);
    for (const { sent, client, source } of players) {
      await until(
        () => client.titles().length >= sent.length && source.received.length >= sent.length,
        WAIT_MS,
      );
      expect(client.titles()).toEqual(sent);
      expect(source.received.map(({ title }) => title)).toEqual(sent);
      expect(client.resets).toEqual([]);
      expect(source.opened.every(({ recovered }) => recovered)).toBe(true);
    }
    // Every node has been gone, and with it every stream.
    expect(players.every(({ client, source }) => client.closes.length > 0 && source.closed > 0)).toBe(true);
    expect(new Set(players.flatMap(({ client }) => client.closes))).toEqual(new Set(['shutdown']));
  });

  it('give each stream a reconnection time of its own', async () => {
    const { userId } = await createPlayer(test.database);
    const headers = { authorization: `Bearer ${await mintPlatformToken(SECRET, userId)}` };
    const [node] = nodes as [Node];
    const streams = await Promise.all(
      Array.from({ length: 12 }, () => readStream(`${node.url}/streams/players/me`, headers)),
    );
    await until(() => streams.every(({ events }) => events.some(({ event }) => event === 'caught-up')));
    await restart(node);
    await until(() => streams.every(({ ended }) => ended));
    const waits = streams.map(({ text, events }) => {
      expect(events.at(-1)).toMatchObject({ event: 'stream-close' });
      const [, wait] = /\nretry: (\d+)\nid: [^\n]+\nevent: stream-close\n[^\n]+\n\n$/.exec(text) ?? [];
      return Number(wait);
    });
    for (const wait of waits) {
      expect(wait).toBeGreaterThanOrEqual(RETRY_MS);
      expect(wait).toBeLessThan(3 * RETRY_MS);
    }
    expect(new Set(waits).size).toBeGreaterThan(3);
  });
});
