import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createPlayer, createUser } from '../support/database/platform.ts';
import { environment, prepareService } from '../support/service.ts';
import { run } from './command.ts';

describe('A token from the command line', () => {
  const live = prepareService();
  let env: Record<string, string>;
  beforeAll(async () => {
    env = environment(live.test.url);
  });

  const accepted = async (token: string, path: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${token.trim()}`, 'content-type': 'application/json' };
    const { status } = await fetch(`${live.url}${path}`, { ...init, headers });
    return status;
  };

  it('for a player is the user’s, and opens that player’s stream', async () => {
    const { userId, playerId } = await createPlayer(live.test.database);
    const { code, out, err } = await run(['token', '--player', String(playerId)], { env });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(decodeJwt(out.trim())).toMatchObject({ id: userId });
    expect(await accepted(out, `/streams/players/${playerId}`, { method: 'HEAD' })).toBe(200);
  });

  it('for a user needs no database', async () => {
    const { userId } = await createPlayer(live.test.database);
    const nowhere = { ...env, DATABASE_URL: 'mysql://live@127.0.0.1:9/none' };
    const { code, out } = await run(['token', '--user', String(userId)], { env: nowhere });
    expect(code).toBe(0);
    expect(await accepted(out, '/streams/global', { method: 'HEAD' })).toBe(200);
  });

  it('for an admin opens any player’s stream', async () => {
    await createUser(live.test.database, { role: 'ADMIN', status: 'BANNED' });
    await createUser(live.test.database, { role: 'ADMIN' });
    const { playerId } = await createPlayer(live.test.database);
    const { out } = await run(['token', '--admin'], { env });
    expect(await accepted(out, `/streams/players/${playerId}`, { method: 'HEAD' })).toBe(200);
  });

  it('for a service publishes', async () => {
    const { out } = await run(['token', '--service', 'judge'], { env });
    const body = JSON.stringify({ type: 'ANNOUNCEMENT', data: { title: 't', message: 'm' } });
    expect(await accepted(out, '/events', { method: 'POST', body })).toBe(201);
  });

  it('is valid as long as requested, seven days by default', async () => {
    for (const [args, seconds] of [
      [[], 604_800],
      [['--ttl', '30m'], 1800],
    ] as const) {
      const { out } = await run(['token', '--user', '3', ...args], { env });
      const { iat = 0, exp = 0 } = decodeJwt(out.trim());
      expect(exp - iat).toBe(seconds);
    }
  });

  it('is printed with its owner’s name on a terminal alone, and not on the standard output', async () => {
    const { playerId } = await createPlayer(live.test.database, { name: 'Ada' });
    const { out, err } = await run(['token', '--player', String(playerId)], { env, terminal: true });
    expect(out).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(err).toContain(`for Ada (player ${playerId}`);
  });

  it('is printed without the control characters of its owner’s name', async () => {
    const { playerId } = await createPlayer(live.test.database, { name: 'Eve\u001b[8m\u009b2J\u202e' });
    const { err } = await run(['token', '--player', String(playerId)], { env, terminal: true });
    expect(err).toContain('for Eve\ufffd[8m\ufffd2J\ufffd (player');
  });

  it('is not made for players that do not exist', async () => {
    const { code, out, err } = await run(['token', '--player', '4000000'], { env });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('There is no player 4000000');
  });

  it.each([
    [[], 'Whose token?'],
    [['--user', '1', '--player', '2'], 'Whose token?'],
    [['--admin', '--service', 'x'], 'Whose token?'],
    [['--user', '01'], '"01" is not an id'],
    [['--user', '1; DROP'], 'is not an id'],
    [['--user', '1', '--ttl', 'soon'], '"soon" is not a time'],
    [['--service', ' '], '1 to 64 characters'],
  ])('is not made from %j', async (args, why) => {
    const { code, out, err } = await run(['token', ...args], { env });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(why);
  });

  it('is made for production only when that is meant', async () => {
    const production = { ...env, NODE_ENV: 'production' };
    const { code, out, err } = await run(['token', '--user', '3'], { env: production });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('--yes');
    expect((await run(['token', '--user', '3', '--yes'], { env: production })).code).toBe(0);
  });

  it('is not made where another must make it', async () => {
    const foreign = { ...env, JWKS_URL: 'https://id.example/jwks.json', LIVE_SECRET: 'x'.repeat(40) };
    const { JWT_SECRET: _, ...jwks }: Record<string, string> = foreign;
    expect((await run(['token', '--user', '3'], { env: jwks })).err).toContain('JWKS_URL');
    expect((await run(['token', '--service', 'x'], { env: jwks })).code).toBe(0);
    const issuer = { ...env, JWT_ISSUER: 'https://id.example' };
    expect((await run(['token', '--user', '3'], { env: issuer })).err).toContain('JWT_ISSUER');
  });

  it('of a quickstart uses the secret that it keeps, the same each time', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'codecraft-cli-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const quickstart = { DATA_DIR: directory };
    const [first, second] = [
      await run(['token', '--user', '3'], { env: quickstart }),
      await run(['token', '--user', '4'], { env: quickstart }),
    ];
    expect(first.code).toBe(0);
    expect(first.out.split('.')[0]).toBe(second.out.split('.')[0]);
    const { code, err } = await run(['token', '--player', '3'], { env: quickstart });
    expect(code).toBe(1);
    expect(err).toContain('npm start');
  });
});
