import { describe, expect, it, vi } from 'vitest';
import { Shutdown } from '../../src/service/shutdown.ts';
import { createPlayer } from '../support/database/platform.ts';
import { openPlatformSession } from '../support/database/platform-session.ts';
import { note, startService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { listen } from '../support/wire/listener.ts';

/** Number of statements that wait for a lock on the head. */
async function waitingForHead({ test }: TestService): Promise<number> {
  const [row] = await test.database.query<{ waiting: number }>(
    'SELECT COUNT(*) AS waiting FROM information_schema.INNODB_TRX WHERE trx_state = ?',
    ['LOCK WAIT'],
  );
  return Number(row?.waiting);
}

describe('A service that was asked to close', { timeout: 60_000 }, () => {
  it('says `draining`, serves on, then closes its streams and its listener', async () => {
    const live = await startService({ SHUTDOWN_DRAIN_MS: '8000', SHUTDOWN_SPREAD_MS: '200' });
    const player = await createPlayer(live.test.database);
    const token = await live.token(player.userId);
    const reader = listen(`${live.url}/streams/players/me`, token);
    await reader.ready();
    const ready = () => fetch(`${live.url}/ready`);
    await until(async () => (await ready()).status === 200);

    const closed = live.close();
    const answer = await ready();
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({
      ready: false,
      checks: { shutdown: 'draining', database: 'ok' },
    });

    expect((await live.publish(note(player.playerId, 'meanwhile'))).status).toBe(201);
    await vi.waitFor(() => expect(reader.received.map(({ title }) => title)).toEqual(['meanwhile']));
    expect(reader.closed).toBe(0);
    const late = listen(`${live.url}/streams/players/me`, token);
    await late.ready();

    await closed;
    expect(reader.closed).toBeGreaterThan(0);
    expect(late.closed).toBeGreaterThan(0);
    await expect(ready()).rejects.toThrow();
    reader.close();
    late.close();
  });

  it('answers publishes in progress, and ends their connections', async () => {
    const live = await startService({ SHUTDOWN_DRAIN_MS: '1000' });
    const player = await createPlayer(live.test.database);
    // As another client: the service's own sessions do not hold a lock for long.
    const holder = await openPlatformSession(live.test.url);
    await holder.run('START TRANSACTION');
    await holder.run('SELECT head FROM log_head FOR UPDATE');
    const answers = Array.from({ length: 5 }, (_, index) =>
      live.publish(note(player.playerId, `note ${index}`)),
    );
    // The server renews this table only where it was not read for 100 ms.
    await vi.waitFor(async () => expect(await waitingForHead(live)).toBeGreaterThan(0), {
      interval: 150,
    });
    const closed = live.close();
    const late = live.publish(note(player.playerId, 'after the signal'));
    await until(async () => (await fetch(`${live.url}/ready`)).status === 503);
    await holder.run('COMMIT');
    holder.close();
    for (const answer of await Promise.all(answers)) expect(answer.status).toBe(201);
    const answer = await late;
    expect(answer.status).toBe(201);
    expect(answer.headers.get('connection')).toBe('close');
    await closed;
  });

  it('closes at once where no time to drain is set', async () => {
    const live = await startService();
    await until(async () => (await fetch(`${live.url}/ready`)).status === 200);
    await live.close();
    await expect(fetch(`${live.url}/ready`)).rejects.toThrow();
  });
});

describe('The end of a service', () => {
  function shutdown(drainMs: number, spreadMs = 0) {
    const steps: string[] = [];
    const ending = new Shutdown({
      drainMs,
      spreadMs,
      streams: { closeOver: async (ms) => void steps.push(`streams over ${ms}`) },
      parts: { closeAll: async () => void steps.push('close') },
    });
    return { ending, steps };
  }

  it('drains, then closes streams, then closes every part, once', async () => {
    const { ending, steps } = shutdown(150, 50);
    ending.listening = true;
    expect(ending.begun).toBe(false);
    const startedAt = performance.now();
    const both = Promise.all([ending.close(), ending.close()]);
    expect(ending.begun).toBe(true);
    expect(steps).toEqual([]);
    await both;
    // A timer may be a millisecond early.
    expect(performance.now() - startedAt).toBeGreaterThan(98);
    expect(steps).toEqual(['streams over 50', 'close']);
  });

  it('does not wait where no client could come', async () => {
    const { ending, steps } = shutdown(600_000);
    await ending.close();
    expect(steps).toEqual(['close']);
  });
});
