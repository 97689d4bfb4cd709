import { describe, expect, it, vi } from 'vitest';
import { Shutdown } from '../../src/service/shutdown.ts';
import { createPlayer } from '../support/database/platform.ts';
import { note, startService } from '../support/service.ts';
import { listen } from '../support/wire/listener.ts';

const WAIT = { timeout: 15_000 };

describe('A service that was asked to close', { timeout: 60_000 }, () => {
  it('says `draining`, serves on, then closes its streams and its listener', async () => {
    const live = await startService({ SHUTDOWN_DRAIN_MS: '4000' });
    const player = await createPlayer(live.test.database);
    const token = await live.token(player.userId);
    const reader = listen(`${live.url}/streams/players/me`, token);
    await reader.ready();
    const ready = () => fetch(`${live.url}/ready`);
    expect((await ready()).status).toBe(200);

    const closed = live.close();
    const answer = await ready();
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({
      ready: false,
      checks: { shutdown: 'draining', database: 'ok' },
    });

    expect((await live.publish(note(player.playerId, 'meanwhile'))).status).toBe(201);
    await vi.waitFor(() => expect(reader.received.map(({ title }) => title)).toEqual(['meanwhile']), WAIT);
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

  it('closes at once where no time to drain is set', async () => {
    const live = await startService();
    expect((await fetch(`${live.url}/ready`)).status).toBe(200);
    await live.close();
    await expect(fetch(`${live.url}/ready`)).rejects.toThrow();
  });
});

describe('The end of a service', () => {
  function shutdown(drainMs: number) {
    const steps: string[] = [];
    const ending = new Shutdown({
      drainMs,
      streams: { closeOver: async (ms) => void steps.push(`streams over ${ms}`) },
      parts: { closeAll: async () => void steps.push('close') },
    });
    return { ending, steps };
  }

  it('drains, then closes streams, then closes every part, once', async () => {
    const { ending, steps } = shutdown(100);
    ending.listening = true;
    expect(ending.begun).toBe(false);
    const startedAt = performance.now();
    const both = Promise.all([ending.close(), ending.close()]);
    expect(ending.begun).toBe(true);
    expect(steps).toEqual([]);
    await both;
    // A timer may be a millisecond early.
    expect(performance.now() - startedAt).toBeGreaterThan(98);
    expect(steps).toEqual(['streams over 100', 'close']);
  });

  it('does not wait where no client could come', async () => {
    const { ending, steps } = shutdown(600_000);
    await ending.close();
    expect(steps).toEqual(['close']);
  });
});
