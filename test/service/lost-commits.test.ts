import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deriveKeys } from '../../src/auth/keys.ts';
import { mintPlatformToken, mintServiceToken } from '../../src/auth/mint.ts';
import { createPlayer, type PlayerIds } from '../support/database/platform.ts';
import { type ServerPair, startServerPair } from '../support/database/server-pair.ts';
import { environment, note, publishTo, SECRET } from '../support/service.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { readStream } from '../support/wire/raw-stream.ts';

describe('A primary that dies together with the only node that saw its last commits', () => {
  let pair: ServerPair;
  let service: ServiceProcess;
  let player: PlayerIds;
  let token: string;
  let serviceToken: string;
  beforeAll(async () => {
    pair = await startServerPair();
    player = await createPlayer(pair.primary.database);
    service = await startServiceProcess({ ...environment(pair.url), PRESENCE_INTERVAL_MS: '600000' });
    token = await mintPlatformToken(SECRET, player.userId);
    const key = deriveKeys({ secret: SECRET, liveSecret: undefined }).service;
    serviceToken = await mintServiceToken(key, 'tests');
  }, 120_000);
  afterAll(async () => {
    await service?.kill();
    await pair?.close();
  });

  const publish = async (...titles: string[]) => {
    for (const title of titles)
      expect((await publishTo(service.url, serviceToken, note(player.playerId, title))).status).toBe(201);
  };
  const open = (lastEventId?: string) =>
    readStream(`${service.url}/streams?scope=player:me`, {
      authorization: `Bearer ${token}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    });
  const announced = ({ events }: Awaited<ReturnType<typeof open>>) =>
    events
      .filter(({ event }) => event === 'announcement')
      .map(({ data, lastEventId }) => ({
        title: (JSON.parse(data) as { title: string }).title,
        lastEventId,
      }));
  const texts = (count: number, name: string) => Array.from({ length: count }, (_, i) => `${name} ${i}`);

  it('costs exactly the cursors behind the replica, and the loss is named, also after the log has regrown', {
    timeout: 120_000,
  }, async () => {
    const stream = await open();
    await until(() => stream.events.length > 0);
    await publish(...texts(5, 'kept'));
    await until(() => announced(stream).length === 5);
    await pair.replicate();
    await publish(...texts(4, 'lost'));
    await until(() => announced(stream).length === 9);
    const sent = announced(stream);
    await Promise.all([service.kill(), pair.primary.server.kill()]);

    pair.failOver('fall silent');
    await service.start();
    const fresh = texts(8, 'new');
    await publish(...fresh);
    const [kept, lost] = [sent[4]?.lastEventId ?? '', sent[8]?.lastEventId ?? ''];
    for (const [cursor, recovered] of [
      [kept, { recovered: true }],
      [
        lost,
        { recovered: false, lost: { after: Number.parseInt(kept, 10), through: Number.parseInt(lost, 10) } },
      ],
    ] as const) {
      const resumed = await open(cursor);
      await until(() => resumed.events.some(({ event }) => event === 'caught-up'));
      expect(JSON.parse(resumed.events[0]?.data ?? '')).toMatchObject({ requested: cursor, ...recovered });
      expect(announced(resumed).map(({ title }) => title)).toEqual(fresh);
      resumed.close();
    }
  });
});
