import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeepClass } from '../../src/db/schema.ts';
import type { StreamClose, StreamOpen } from '../../src/protocol/control.ts';
import { createPlayer, type PlayerIds } from '../support/database/platform.ts';
import { deleteClass } from '../support/database/retention.ts';
import { note, startService, type TestService } from '../support/service.ts';
import { type ReadEvent, readEventStream } from '../support/wire/event-stream.ts';

// No ring, so that replays come from the database.
describe('What retention takes from under a stream', () => {
  let live: TestService;
  let player: PlayerIds;
  let token: string;
  beforeAll(async () => {
    // And no task publishes who is online, or the first players.
    const never = '600000';
    live = await startService({
      RING_FRAMES: '0',
      PRESENCE_INTERVAL_MS: never,
      GLOBAL_LEADERBOARD_INTERVAL_MS: never,
    });
    player = await createPlayer(live.test.database);
    token = await live.token(player.userId);
  });
  afterAll(() => live.close());

  const remove = (keepClass: KeepClass) => deleteClass(live.test.database, keepClass);

  const open = (query: string, lastEventId: string) =>
    fetch(`${live.url}/streams?${query}`, {
      headers: { authorization: `Bearer ${token}`, 'last-event-id': lastEventId },
    });

  /** Reads on until an event of one of these names, and hangs up. Nothing is read while `meanwhile` goes on. */
  async function readUntil(
    response: Response,
    names: readonly string[],
    meanwhile?: { readonly after: string; readonly work: () => Promise<unknown> },
  ): Promise<ReadEvent[]> {
    const chunks: Uint8Array[] = [];
    let pending = meanwhile;
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      chunks.push(chunk);
      // What is read is large, and they are last in it.
      const end = readEventStream(Buffer.concat(chunks.slice(-2))).events;
      if (end.some(({ event }) => names.includes(event))) break;
      if (pending && end.some(({ event }) => event === pending?.after)) {
        await pending.work();
        pending = undefined;
      }
    }
    return readEventStream(Buffer.concat(chunks)).events;
  }

  it('is reported for transient messages, also when they were still there a moment ago', async () => {
    const status = { online: [], offline: [], onlineCount: 1, truncated: false };
    expect((await live.publish({ type: 'PLAYER_STATUS', data: status })).status).toBe(201);
    const { events } = (await (await live.publish(note(player.playerId, 'kept'))).json()) as {
      events: { cursor: string }[];
    };
    const before = String(Number.parseInt(events[0]?.cursor ?? '', 10) - 2);
    const first = await readUntil(await open('scope=global', before), ['caught-up']);
    expect(first.map(({ event }) => event)).toEqual(['stream-open', 'player-status', 'caught-up']);

    await remove('nudge');
    // What it may know is a moment old: a stream that turns out to miss something ends, and the next one says it.
    for (;;) {
      const again = await readUntil(await open('scope=global', before), ['caught-up', 'stream-close']);
      const names = again.map(({ event }) => event);
      if (names.includes('stream-close')) {
        expect(JSON.parse(again.at(-1)?.data ?? '')).toEqual({ reason: 'reset', reconnect: true });
        expect(again.at(-1)?.lastEventId.split('-')[0]).toBe(before);
        continue;
      }
      if (names.includes('player-status')) {
        // A page that was read before is kept for a moment, and is whole.
        expect(names).toEqual(['stream-open', 'player-status', 'caught-up']);
        continue;
      }
      expect(names).toEqual(['stream-open', 'caught-up']);
      expect((JSON.parse(again[0]?.data ?? '') as StreamOpen).stale).toContain('PLAYER_STATUS');
      break;
    }
    // A stream of none of these scopes has lost nothing.
    const others = await readUntil(await open('scope=player:me&types=ANNOUNCEMENT', before), ['caught-up']);
    expect(others.map(({ event }) => event)).toEqual(['stream-open', 'announcement', 'caught-up']);
    expect((JSON.parse(others[0]?.data ?? '') as StreamOpen).stale).toBeUndefined();
  });

  it('ends a replay that is under way, and the next stream says what was lost', {
    timeout: 60_000,
  }, async () => {
    const start = (await (await fetch(`${live.url}/health`)).json()) as { follower: { position: number } };
    const from = String(start.follower.position);
    const big = {
      type: 'ANNOUNCEMENT',
      data: { title: 'big', message: 'x'.repeat(10_000), playerId: player.playerId },
    };
    for (let sent = 0; sent < 1_500; sent += 100)
      expect((await live.publish(Array.from({ length: 100 }, () => big))).status).toBe(201);
    // What is not read fills the connection, and the replay waits.
    const events = await readUntil(await open('scope=player:me', from), ['caught-up', 'stream-close'], {
      after: 'announcement',
      work: () => remove('player'),
    });
    const received = events.filter(({ event }) => event === 'announcement');
    expect(received.map(({ lastEventId }) => Number.parseInt(lastEventId, 10))).toEqual(
      received.map((_, index) => Number(from) + 1 + index),
    );
    expect(received.length).toBeLessThan(1_500);
    expect(JSON.parse(events.at(-1)?.data ?? '') as StreamClose).toEqual({
      reason: 'reset',
      reconnect: true,
    });

    const cursor = events.at(-1)?.lastEventId ?? '';
    expect(cursor).toBe(received.at(-1)?.lastEventId);
    for (;;) {
      const again = await readUntil(await open('scope=player:me', cursor), ['caught-up', 'stream-close']);
      if (again.at(-1)?.event === 'stream-close') continue;
      expect(JSON.parse(again[0]?.data ?? '')).toMatchObject({
        recovered: false,
        lost: { after: Number.parseInt(cursor, 10) },
      });
      break;
    }
  });
});
