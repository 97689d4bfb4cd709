import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/db/database.ts';
import { lockName } from '../../src/db/named-lock.ts';
import { createPlayer, type PlayerIds } from '../support/database/platform.ts';
import { type ServerPair, startServerPair } from '../support/database/server-pair.ts';
import { note, startServiceOn, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

/** Statement by which the follower polls, and nothing else does while it runs. */
const POLL = 'SELECT head, epoch AS term, IF(tagged_head = head, tag, NULL) AS tag';

describe('A service whose address leads to another server, while the one that was left still answers', () => {
  let pair: ServerPair;
  let live: TestService;
  let player: PlayerIds;
  beforeAll(async () => {
    pair = await startServerPair();
    player = await createPlayer(pair.primary.database);
    const database = openDatabase({ url: pair.url });
    live = await startServiceOn({ url: pair.url, database, drop: () => database.close() });
  }, 120_000);
  afterAll(async () => {
    await live?.close();
    await pair?.close();
  });

  /** Sessions of the service on a server, but for those of appends, which move with their next one. */
  const holders = (which: 'primary' | 'replica') =>
    pair[which].database.query<{ holder: number | null }>('SELECT IS_USED_LOCK(?) AS holder', [
      lockName(pair.primary.database.name, 'duties'),
    ]);
  const isHeldOn = async (which: 'primary' | 'replica') => (await holders(which))[0]?.holder != null;

  it('moves all that it holds: its pools, the lock of the leader and its health checks', {
    timeout: 120_000,
  }, async () => {
    await until(() => isHeldOn('primary'));
    expect((await live.publish(note(player.playerId, 'before'))).status).toBe(201);
    await pair.replicate();
    pair.failOver('go on');
    // The follower's connection alone falls silent; all others still lead to the server that was left.
    pair.proxy.freezeAt(POLL);
    await until(() => isHeldOn('replica'));
    await until(async () => !(await isHeldOn('primary')));
    expect((await live.publish(note(player.playerId, 'after'))).status).toBe(201);
    const inbox = async () => {
      const response = await fetch(`${live.url}/notifications`, {
        headers: { authorization: `Bearer ${await live.token(player.userId)}` },
      });
      return ((await response.json()) as { items: { title: string }[] }).items.map(({ title }) => title);
    };
    await until(async () => (await inbox()).includes('after'));
    // The server that was left is asked no more: not even by health checks.
    await pair.primary.server.kill();
    await until(async () => (await fetch(`${live.url}/ready`)).status === 200);
  });
});
