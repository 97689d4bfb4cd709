import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { createService, type Service } from '../../src/service/service.ts';
import { run, startCommand } from './command.ts';

describe('Beside a quickstart on this machine', () => {
  let directory: string;
  let service: Service;
  let env: Record<string, string>;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'codecraft-cli-'));
    const settings = { NODE_ENV: 'test', DATA_DIR: directory, DEMO: 'on', DEMO_INTERVAL_MS: '86400000' };
    service = await createService(loadConfig({ ...settings, PORT: '0' }), pino({ level: 'silent' }));
    env = { ...settings, PORT: String(await service.listen()) };
  });
  afterAll(async () => {
    await service?.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('tail and publish need no token, no address and no set-up', async () => {
    const tail = startCommand(['tail', 'player:me', 'contest:3:leaderboard'], { env });
    await tail.said('as Ada Okafor (player 7)');
    await tail.said('leaderboard-snapshot');
    expect(tail.out).toMatch(/leaderboard-snapshot +contest:3 +8 take part: 1\. \S.*, 2\. .*, 3\. .*, …\n/);
    const published = await run(['publish', 'ACHIEVEMENT', 'playerId=7', 'achievement=test', 'name=Tested'], {
      env,
    });
    expect(published.code).toBe(0);
    await tail.said('You earned Tested');
    expect(await tail.stop()).toBe(0);
  });

  it.each([
    ['player:3', 'as Aiko Tanaka (player 3)'],
    ['contest:2', 'as Rosa Delgado (admin)'],
    ['global', 'as Rosa Delgado (admin)'],
  ])('tail %s subscribes as an identity with access', async (scope, who) => {
    const tail = startCommand(['tail', scope], { env });
    await tail.said(`listening to ${scope}`);
    expect(tail.err).toContain(who);
    await tail.stop();
  });

  it('token finds the players in its database', async () => {
    expect(await run(['token', '--player', '7'], { env })).toMatchObject({ code: 0, err: '' });
    expect(await run(['token', '--admin'], { env })).toMatchObject({ code: 0, err: '' });
  });

  it('migrate finds nothing to do, and doctor nothing wrong', async () => {
    expect((await run(['migrate'], { env })).out).toContain('nothing to do');
    const { code, out } = await run(['doctor'], { env });
    expect(out).toContain('✓ A test stream opened');
    expect(out).not.toContain('✗');
    expect(code).toBe(0);
  });

  it('no token is made up for another machine, nor in production', async () => {
    for (const extra of [{ LIVE_URL: 'http://192.0.2.1:4400' }, { NODE_ENV: 'production' }]) {
      const { code, err } = await run(['tail', 'global'], { env: { ...env, ...extra } });
      expect(code).toBe(3);
      expect(err).toContain('A token is needed');
    }
  });
});

it('Where there was never a quickstart, doctor explains how to make one', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'codecraft-cli-'));
  const { code, out } = await run(['doctor'], { env: { DATA_DIR: directory, PORT: '9' } });
  await rm(directory, { recursive: true });
  expect(out).toContain('i There is no embedded database yet: `npm start` makes one.');
  expect(out).toContain('Nothing is wrong.');
  expect(code).toBe(0);
});
