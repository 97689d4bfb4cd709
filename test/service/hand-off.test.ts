import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createPlayer, type PlayerIds } from '../support/database/platform.ts';
import { note, prepareService, type TestService } from '../support/service.ts';

const PLAYERS = 3;

/** Reads a stream until it says `end`, and hangs up. */
async function readThrough(
  live: TestService,
  token: string,
  cursor: number,
  end: string,
): Promise<{ ids: number[]; recovered: boolean }> {
  const controller = new AbortController();
  const response = await fetch(`${live.url}/streams?scope=player:me&scope=global&lastEventId=${cursor}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: controller.signal,
  });
  const ids: number[] = [];
  let recovered = false;
  let ended = false;
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    const frames = text.split('\n\n');
    text = frames.pop() ?? '';
    for (const frame of frames) {
      if (frame.includes('event: stream-open')) recovered = frame.includes('"recovered":true');
      if (frame.includes(`"title":"${end}"`)) ended = true;
      if (frame.includes('event: announcement')) ids.push(Number(/^id: (\d+)/m.exec(frame)?.[1]));
    }
    if (ended) break;
  }
  controller.abort();
  return { ids, recovered };
}

// A small ring, so that replay comes from the database, from the ring, and from both.
describe.each([{ RING_FRAMES: '20000' }, { RING_FRAMES: '60' }])('The hand-off with %o', (ring) => {
  const live = prepareService(ring);
  let players: { ids: PlayerIds; token: string }[];
  beforeAll(async () => {
    players = await Promise.all(
      Array.from({ length: PLAYERS }, async () => {
        const ids = await createPlayer(live.test.database);
        return { ids, token: await live.token(ids.userId) };
      }),
    );
  });

  it('leaves no gap and no duplicate at the seam, whatever is published meanwhile', {
    timeout: 90_000,
  }, async () => {
    const published: { id: number; scope: string }[] = [];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ who: fc.nat(PLAYERS - 1), back: fc.nat(400) }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 3, maxLength: 12 }),
        async (openings, batches) => {
          const end = `end ${published.length}`;
          const head = published.at(-1)?.id ?? 0;
          const reading = openings.map(async ({ who, back }) => {
            const cursor = Math.max(0, head - back);
            const reader = players[who] as (typeof players)[number];
            const { ids, recovered } = await readThrough(live, reader.token, cursor, end);
            return { cursor, scope: `player:${reader.ids.playerId}`, ids, recovered };
          });
          for (const size of batches) {
            const events = Array.from({ length: size }, (_, index) => {
              const target = players[index % PLAYERS] as (typeof players)[number];
              return index % 4 === 3
                ? { type: 'ANNOUNCEMENT', data: { title: 'all', message: 'm' } }
                : note(target.ids.playerId, 'one');
            });
            const response = await live.publish(events);
            const answer = (await response.json()) as { events: { notifications: typeof published }[] };
            for (const event of answer.events) published.push(...event.notifications);
          }
          const response = await live.publish({ type: 'ANNOUNCEMENT', data: { title: end, message: 'm' } });
          const answer = (await response.json()) as { events: { notifications: typeof published }[] };
          published.push(...(answer.events[0]?.notifications ?? []));
          for (const { cursor, scope, ids, recovered } of await Promise.all(reading)) {
            expect(recovered).toBe(true);
            const due = published.filter(
              (one) => one.id > cursor && (one.scope === scope || one.scope === 'global'),
            );
            expect(ids).toEqual(due.map((one) => one.id));
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});
