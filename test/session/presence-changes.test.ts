import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PresenceChanges } from '../../src/session/presence-changes.ts';
import type { PlayerSessions, PresentPlayers } from '../../src/session/present-players.ts';

const GRACE_MS = 10_000;
const FULL_MS = 300_000;

/** Sessions of players in memory: what a database that every node writes to would hold. */
class Sessions implements Pick<PresentPlayers, 'read' | 'changedWithin'> {
  now = 0;
  reads: (number | 'all')[] = [];
  #writes = 0;
  readonly #players = new Map<number, { open: number; closedAt: number; writtenAt: number; write: number }>();

  change(playerId: number, opened: 1 | -1): void {
    const before = this.#players.get(playerId);
    const open = Math.max(0, (before?.open ?? 0) + opened);
    this.#players.set(playerId, {
      open,
      closedAt: opened < 0 ? this.now : (before?.closedAt ?? Number.NEGATIVE_INFINITY),
      writtenAt: this.now,
      write: ++this.#writes,
    });
  }

  /** Players who are present, by definition. */
  present(): number[] {
    return [...this.#players]
      .filter(([, { open, closedAt }]) => open > 0 || closedAt + GRACE_MS > this.now)
      .map(([id]) => id)
      .sort((a, b) => a - b);
  }

  async read(ids?: readonly number[]): Promise<PlayerSessions[]> {
    this.reads.push(ids === undefined ? 'all' : ids.length);
    return [...this.#players]
      .filter(([id]) => ids === undefined || ids.includes(id))
      .map(([playerId, { open, closedAt }]) => ({
        playerId,
        alive: open > 0,
        graceLeftMs: closedAt + GRACE_MS - this.now,
      }));
  }

  async changedWithin(ms: number) {
    return [...this.#players]
      .filter(([, { writtenAt }]) => writtenAt > this.now - ms)
      .map(([playerId, { write }]) => ({ playerId, changedAt: String(write) }));
  }
}

function start(fullMs = FULL_MS) {
  const sessions = new Sessions();
  const announced = new Set<number>();
  const changes = new PresenceChanges({ players: sessions, fullMs, now: () => sessions.now });
  const poll = async (limit = 1_000) => {
    const { came, went } = await changes.next(announced, limit);
    for (const id of came) announced.add(id);
    for (const id of went) announced.delete(id);
    return { came, went };
  };
  return { sessions, announced, poll };
}

test('whatever opens and closes, the announced players are those who are present', async () => {
  const step = fc.record({
    player: fc.integer({ min: 1, max: 5 }),
    opened: fc.constantFrom<1 | -1>(1, -1),
    afterMs: fc.integer({ min: 0, max: 15_000 }),
    polls: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { sessions, announced, poll } = start(Number.POSITIVE_INFINITY);
      await poll();
      for (const { player, opened, afterMs, polls } of steps) {
        sessions.now += afterMs;
        sessions.change(player, opened);
        if (!polls) continue;
        await poll();
        expect([...announced].sort((a, b) => a - b)).toEqual(sessions.present());
      }
      sessions.now += GRACE_MS;
      await poll();
      expect([...announced].sort((a, b) => a - b)).toEqual(sessions.present());
    }),
  );
});

test('a poll reads the players who changed, and none where nothing did, however many are present', async () => {
  const { sessions, poll } = start();
  for (let id = 1; id <= 10_000; id++) sessions.change(id, 1);
  sessions.now += 60_000;
  await poll(10_000);
  sessions.reads = [];
  for (let round = 0; round < 20; round++) {
    sessions.now += 3_000;
    await poll();
  }
  expect(sessions.reads).toEqual([]);
  sessions.change(7, -1);
  await poll();
  sessions.now += 3_000;
  await poll();
  expect(sessions.reads).toEqual([1]);
  sessions.now += GRACE_MS;
  expect(await poll()).toEqual({ came: [], went: [7] });
  expect(sessions.reads).toEqual([1, 1]);
});

test('more changes than the limit are spread over polls', async () => {
  const { sessions, announced, poll } = start();
  await poll();
  for (let id = 1; id <= 25; id++) sessions.change(id, 1);
  sessions.now += 60_000;
  for (const count of [10, 20, 25]) {
    sessions.change(1, 1);
    await poll(10);
    expect(announced.size).toBe(count);
  }
});

test('all are compared from time to time', async () => {
  const { sessions, poll } = start();
  await poll();
  sessions.now += FULL_MS;
  await poll();
  expect(sessions.reads).toEqual(['all', 'all']);
});
