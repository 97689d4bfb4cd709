import { describe, expect, it, onTestFinished } from 'vitest';
import { createPlayer } from '../support/database/platform.ts';
import { prepareService } from '../support/service.ts';

/** Openings in progress at most, with a pool of two. */
const PLACES = 64;

describe('While more streams open than the database can answer', () => {
  const live = prepareService({ DATABASE_POOL_SIZE: '2' });

  it('those beyond the bound are refused before they are read, and the admitted ones open', async () => {
    const { database } = live.test;
    const tokens: string[] = [];
    for (let number = 0; number < PLACES + 20; number++)
      tokens.push(await live.token((await createPlayer(database)).userId));
    const holder = await database.connect({ statementTimeoutMs: 0 });
    onTestFinished(() => holder.destroy());
    await holder.query('LOCK TABLES users WRITE');
    const opening = tokens.map(async (token, number) => {
      const isEventSource = number % 2 === 0;
      const response = await fetch(`${live.url}/streams/players/me`, {
        headers: {
          authorization: `Bearer ${token}`,
          ...(isEventSource ? { accept: 'text/event-stream' } : {}),
        },
      });
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      const { value } = await reader.read();
      void reader.cancel();
      return {
        isEventSource,
        status: response.status,
        retryAfter: response.headers.get('retry-after'),
        text: Buffer.from(value ?? []).toString(),
      };
    });
    const settled: Awaited<(typeof opening)[number]>[] = [];
    for (const one of opening) void one.then((answer) => settled.push(answer));
    // Those that have begun wait for the lock, and all others are answered.
    await expect.poll(() => settled.length).toBe(20);
    for (const { isEventSource, status, retryAfter, text } of settled) {
      if (isEventSource) {
        expect(status).toBe(200);
        expect(text).toMatch(/^retry: \d+\n(?:.*\n)*event: stream-close\n/);
      } else {
        expect(status).toBe(503);
        expect(Number(retryAfter)).toBeGreaterThanOrEqual(2);
        expect(JSON.parse(text)).toMatchObject({ code: 'overloaded' });
      }
    }
    await holder.query('UNLOCK TABLES');
    for (const answer of (await Promise.all(opening)).filter((one) => !settled.slice(0, 20).includes(one)))
      expect(answer).toMatchObject({ status: 200, text: expect.stringContaining('event: stream-open') });
  });
});
