import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlayer } from '../support/database/platform.ts';
import { startService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { listen } from '../support/wire/listener.ts';
import { openNetworkNamespace } from '../support/wire/network-namespace.ts';

const network = openNetworkNamespace();
afterAll(() => network?.remove());

/** Opens a stream and reads it. */
const CLIENT = `
const response = await fetch(process.env.URL, { headers: { authorization: 'Bearer ' + process.env.TOKEN } });
for await (const chunk of response.body) process.stdout.write(chunk);
`;

/** With the default settings the client is announced as offline 30 to 50 s after it vanished. */
const SETTINGS = {
  HEARTBEAT_INTERVAL: '500',
  STREAM_MAX_SILENCE_MS: '2000',
  PRESENCE_GRACE_MS: '500',
  PRESENCE_INTERVAL_MS: '100',
};

describe.skipIf(network === undefined)('A client whose machine vanishes', () => {
  let live: TestService;
  let client: ChildProcess | undefined;
  beforeAll(async () => {
    live = await startService({ HOST: '0.0.0.0', ...SETTINGS });
  }, 60_000);
  afterAll(async () => {
    client?.kill('SIGKILL');
    await live.close();
  });

  it('without closing its connection is announced as offline, and no other', {
    timeout: 180_000,
  }, async () => {
    const [vanishes, stays] = [
      await createPlayer(live.test.database),
      await createPlayer(live.test.database),
    ];
    const listener = listen(`${live.url}/streams/players/me`, await live.token(stays.userId));
    await listener.ready();
    client = network?.spawn(process.execPath, ['--input-type=module', '-e', CLIENT], {
      URL: `http://${network.host}:${new URL(live.url).port}/streams/players/me`,
      TOKEN: await live.token(vanishes.userId),
    });
    const output = client?.stdout as Readable;
    await once(output, 'data');
    output.resume();

    const online = async () => {
      const rows = await live.test.database.query<{ id: number }>(
        'SELECT player_id AS id FROM announced_player',
      );
      return rows.map(({ id }) => id);
    };
    await until(async () => (await online()).length === 2, 60_000);
    network?.vanish();
    await until(async () => (await online()).length === 1, 90_000);
    expect(await online()).toEqual([stays.playerId]);
    const closed = await live.test.database.query(
      'SELECT close_reason AS reason FROM stream_session WHERE player_id = ?',
      [vanishes.playerId],
    );
    expect(closed).toEqual([{ reason: 'gone' }]);
    listener.close();
  });
});
