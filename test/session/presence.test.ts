import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Queries } from '../../src/db/database.ts';
import type { LogPublisher } from '../../src/events/log-publisher.ts';
import { createPresence, type PresenceOptions } from '../../src/session/presence.ts';
import { createSweep } from '../../src/session/sweep.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { preparePublisher } from '../support/database/outbox.ts';
import { createPlayer } from '../support/database/platform.ts';
import { ageLease, startNode, type TestNode } from './fixture.ts';

const GRACE_MS = 10_000;
const TIMEOUT_MS = 60_000;

const db = prepareDatabase();
const publisher = preparePublisher(db.database);
beforeEach(async () => {
  await db.database.execute('DELETE FROM stream_session');
  await db.database.execute('DELETE FROM notification');
  await forgetAnnounced();
});

const forgetAnnounced = async () => {
  await db.database.execute('DELETE FROM announced_presence');
  await db.database.execute('DELETE FROM announced_player');
};

function node(): TestNode {
  const started = startNode(db.url);
  onTestFinished(started.close);
  return started;
}

/** The leader task of one node. */
function run(options: Partial<PresenceOptions> = {}) {
  const over = new AbortController();
  const presence = createPresence({
    database: db.database,
    publisher,
    graceMs: GRACE_MS,
    intervalMs: 20,
    heartbeatTimeoutMs: TIMEOUT_MS,
    settleMs: 0,
    ...options,
  });
  const running = presence.run(over.signal);
  const stop = async () => {
    over.abort();
    await running;
  };
  onTestFinished(stop);
  return stop;
}

interface Status {
  online: { playerId: number; playerName?: string }[];
  offline: { playerId: number; playerName?: string }[];
  onlineCount: number;
  truncated: boolean;
}

async function published(): Promise<Status[]> {
  const rows = await db.database.query<{ data: string }>(
    "SELECT data FROM notification WHERE scope = 'global' AND type = 'PLAYER_STATUS' ORDER BY id",
  );
  return rows.map(({ data }) => JSON.parse(data) as Status);
}

/** Makes what a leader left behind equal to what one of its release leaves. */
let handOver: () => Promise<void>;

const idsOf = (players: Status['online']) => players.map(({ playerId }) => playerId);
const shown = async () =>
  (await published()).map(({ online, offline, onlineCount }) => [idsOf(online), idsOf(offline), onlineCount]);

/** Waits for `count` events in all, the last of them about the player. */
async function until(count: number) {
  await vi.waitFor(async () => expect((await published()).length).toBeGreaterThanOrEqual(count));
  return shown();
}

async function open(where: TestNode, player?: { userId: number; playerId: number }) {
  const who = player ?? (await createPlayer(db.database));
  const opened = where.open(who);
  await where.writer.flush();
  return { ...who, ...opened };
}

/** Ages all rows. */
const age = (column: string, seconds: number) =>
  db.database.execute(`UPDATE stream_session SET ${column} = ${column} - INTERVAL ? SECOND`, [seconds]);

describe('PLAYER_STATUS', () => {
  test('names who came and who went, and counts who is present', async () => {
    const [one, two] = [node(), node()];
    run();
    const ada = await open(one, await createPlayer(db.database, { name: 'Ada' }));
    await until(1);
    const bob = await open(two, await createPlayer(db.database, { name: 'Bob' }));
    await until(2);
    ada.leave();
    await one.writer.flush();
    await age('disconnected_at', 11);
    await until(3);
    expect(await published()).toEqual([
      {
        online: [{ playerId: ada.playerId, playerName: 'Ada' }],
        offline: [],
        onlineCount: 1,
        cameCount: 1,
        wentCount: 0,
        truncated: false,
      },
      {
        online: [{ playerId: bob.playerId, playerName: 'Bob' }],
        offline: [],
        onlineCount: 2,
        cameCount: 1,
        wentCount: 0,
        truncated: false,
      },
      {
        online: [],
        offline: [{ playerId: ada.playerId, playerName: 'Ada' }],
        onlineCount: 1,
        cameCount: 0,
        wentCount: 1,
        truncated: false,
      },
    ]);
  });

  test('is not published for a reload, for a second stream, or when one of two closes', async () => {
    const [one, two] = [node(), node()];
    run();
    const ada = await open(one);
    await until(1);
    ada.leave();
    await one.writer.flush();
    const again = await open(two, ada);
    const second = await open(one, ada);
    again.leave();
    await two.writer.flush();
    await age('disconnected_at', 11);
    const bob = await open(two);
    expect(await until(2)).toEqual([
      [[ada.playerId], [], 1],
      [[bob.playerId], [], 2],
    ]);
    expect(second.stream.state).not.toBe('closed');
  });

  test('reports once that the players of a dead node are gone', async () => {
    const [dead, alive] = [startNode(db.url), node()];
    run();
    const [lost, kept] = [await open(dead), await open(alive)];
    await vi.waitFor(async () => expect((await shown()).at(-1)?.[2]).toBe(2));
    const before = (await published()).length;
    await dead.kill();
    await age('connected_at', 120);
    await ageLease(db.database, dead.id, 61);
    expect(
      await createSweep({ database: db.database, heartbeatTimeoutMs: TIMEOUT_MS, settleMs: 0 })(),
    ).toMatchObject({
      lost: 1,
    });
    await until(before + 1);
    const bob = await open(alive);
    expect((await until(before + 2)).slice(before)).toEqual([
      [[], [lost.playerId], 1],
      [[bob.playerId], [], 2],
    ]);
    expect(kept.stream.state).not.toBe('closed');
  });

  test('counts a crowd that comes or goes, and names nobody of it', async () => {
    const here = node();
    for (let playerId = 1; playerId <= 150; playerId++) here.open({ userId: playerId, playerId });
    await here.writer.flush();
    run();
    await until(1);
    const [status] = await published();
    expect(status).toEqual({
      online: [],
      offline: [],
      onlineCount: 150,
      cameCount: 150,
      wentCount: 0,
      truncated: true,
    });
    for (const stream of here.streams) stream.close('slow');
    await here.writer.flush();
    await age('disconnected_at', 11);
    await until(2);
    expect((await published())[1]).toMatchObject({
      offline: [],
      onlineCount: 0,
      wentCount: 150,
      truncated: true,
    });
  });

  test('carries every name that the platform accepts', async () => {
    const here = node();
    const ada = await createPlayer(db.database, { name: `x${'😀'.repeat(99)}` });
    const bob = await createPlayer(db.database, { name: '' });
    const eve = await createPlayer(db.database);
    await db.database.execute('ALTER TABLE users MODIFY name VARCHAR(100)');
    await db.database.execute('UPDATE users SET name = NULL WHERE id = ?', [eve.userId]);
    run();
    await open(here, ada);
    await until(1);
    await open(here, bob);
    await until(2);
    await open(here, eve);
    await until(3);
    expect((await published()).flatMap(({ online }) => online)).toEqual([
      { playerId: ada.playerId, playerName: `x${'😀'.repeat(49)}` },
      { playerId: bob.playerId },
      { playerId: eve.playerId },
    ]);
  });

  test('does not name users who are no players', async () => {
    const here = node();
    run();
    here.open({ userId: 1, playerId: undefined });
    const ada = await open(here);
    expect(await until(1)).toEqual([[[ada.playerId], [], 1]]);
  });
});

// A leader of an older release stores nothing, and then its kept events and the sessions say who was announced.
describe.each(['this', 'an older'])(
  'when another node becomes the leader after one of %s release',
  (release) => {
    beforeEach(() => {
      handOver = release === 'this' ? async () => {} : forgetAnnounced;
    });

    test('changes in between are published, and nothing else', async () => {
      const here = node();
      const [stays, leaves] = [await open(here), await open(here)];
      await age('connected_at', 60);
      const stop = run();
      await until(1);
      await stop();
      await handOver();

      leaves.leave();
      await here.writer.flush();
      await age('disconnected_at', 11);
      const comes = await open(here);
      run();
      expect((await until(2))[1]).toEqual([[comes.playerId], [leaves.playerId], 2]);
      expect(stays.stream.state).not.toBe('closed');
    });

    /** A player of whom the last leader announced that she is gone. */
    async function announcedAsGone() {
      const here = node();
      const ada = await open(here);
      await age('connected_at', 60);
      const stop = run();
      await until(1);
      ada.leave();
      await here.writer.flush();
      await age('disconnected_at', 11);
      await until(2);
      await stop();
      await handOver();
      return { here, ada };
    }

    test('a player who was announced as gone and came back in between is announced as online', async () => {
      const { here, ada } = await announcedAsGone();

      // 11 s ago is within the grace, as of the last event: by the rows alone she never left.
      await open(here, ada);
      run();
      expect(await until(3)).toEqual([
        [[ada.playerId], [], 1],
        [[], [ada.playerId], 0],
        [[ada.playerId], [], 1],
      ]);
    });

    test('a player who was announced as gone is not announced as gone again', async () => {
      const { here } = await announcedAsGone();

      const bob = await open(here);
      run();
      expect((await until(3)).slice(2)).toEqual([[[bob.playerId], [], 1]]);
    });

    test('nothing is published where nothing changed, even if the last event was deleted long ago', async () => {
      const here = node();
      await open(here);
      await age('connected_at', 3_600);
      for (const forget of [false, true]) {
        const stop = run();
        const count = (await published()).length;
        const comes = await open(here);
        const events = await until(count + 1);
        expect(idsOf((await published()).at(-1)?.online ?? [])).toContain(comes.playerId);
        await stop();
        await handOver();
        await handOver();
        if (!forget) {
          await age('connected_at', 3_600);
          await db.database.execute('DELETE FROM notification');
        } else expect(events).toEqual([[[comes.playerId], [], 3]]);
      }
    });

    test('an event that could not be published is published later', async () => {
      const here = node();
      const errors: unknown[] = [];
      let failing = true;
      const publishUnits: LogPublisher['publishUnits'] = (units) =>
        failing ? Promise.reject(new Error('no log')) : publisher.publishUnits(units);
      run({ publisher: { publishUnits }, onError: (error) => errors.push(error) });
      const ada = await open(here);
      await vi.waitUntil(() => errors.length > 1);
      expect(await shown()).toEqual([]);
      failing = false;
      expect(await until(1)).toEqual([[[ada.playerId], [], 1]]);
    });
  },
);

describe('Announced players are stored', () => {
  const stored = async () =>
    (await db.database.query<{ id: number }>('SELECT player_id AS id FROM announced_player ORDER BY 1')).map(
      ({ id }) => id,
    );
  const state = async () =>
    (await db.database.query<{ online: number }>('SELECT online FROM announced_presence'))[0]?.online;

  test('with the event that announces them', async () => {
    const here = node();
    run();
    const [ada, bob] = [await open(here), await open(here)];
    await vi.waitFor(async () => expect((await shown()).at(-1)?.[2]).toBe(2));
    expect([await stored(), await state()]).toEqual([[ada.playerId, bob.playerId], 2]);
    const count = (await published()).length;
    ada.leave();
    await here.writer.flush();
    await age('disconnected_at', 11);
    await until(count + 1);
    expect([await stored(), await state()]).toEqual([[bob.playerId], 1]);
  });

  test('by the sessions where nothing is stored yet, without an event', async () => {
    const here = node();
    const ada = await open(here);
    await age('connected_at', 3_600);
    run();
    await vi.waitFor(async () => expect(await stored()).toEqual([ada.playerId]));
    expect(await published()).toEqual([]);
  });

  test('so that a player whose session no row shows any more is announced as offline', async () => {
    const here = node();
    const [stays, leaves] = [await open(here), await open(here)];
    const stop = run();
    await vi.waitFor(async () => expect((await shown()).at(-1)?.[2]).toBe(2));
    await stop();
    const count = (await published()).length;
    leaves.leave();
    await here.writer.flush();
    await db.database.execute('DELETE FROM stream_session WHERE player_id = ?', [leaves.playerId]);
    await db.database.execute('DELETE FROM notification');
    run();
    expect((await until(1)).at(-1)).toEqual([[], [leaves.playerId], 1]);
    expect(count).toBeGreaterThan(0);
    expect(stays.stream.state).not.toBe('closed');
  });

  test('and what a leader of an older release announced since is applied to them', async () => {
    const here = node();
    const ada = await open(here);
    const stop = run();
    await until(1);
    await stop();
    await publisher.publish({
      type: 'PLAYER_STATUS',
      data: { online: [], offline: [{ playerId: ada.playerId }], onlineCount: 0, truncated: false },
    });
    run();
    expect((await until(3)).slice(1)).toEqual([
      [[], [ada.playerId], 0],
      [[ada.playerId], [], 1],
    ]);
  });

  test('by one leader: another that took over meanwhile is not overruled', async () => {
    const here = node();
    const release: (() => void)[] = [];
    const frozen = new Promise<void>((resolve) => release.push(resolve));
    let holds = false;
    const publishUnits: LogPublisher['publishUnits'] = async (units) => {
      if (units.some(({ drafts }) => drafts.length > 0)) {
        holds = true;
        await frozen;
      }
      return publisher.publishUnits(units);
    };
    const stop = run({ publisher: { publishUnits } });
    const ada = await open(here);
    await vi.waitUntil(() => holds);
    run();
    await until(1);
    for (const go of release) go();
    await stop();
    expect(await shown()).toEqual([[[ada.playerId], [], 1]]);
  });
});

test('after an outage no player is reported as gone before every node could write heartbeats', async () => {
  const here = node();
  let away = false;
  const errors: unknown[] = [];
  const database: Pick<Queries, 'query'> = {
    query: (sql, values) => (away ? Promise.reject(new Error('away')) : db.database.query(sql, values)),
  };
  run({ database, settleMs: 1_500, onError: (error) => errors.push(error) });
  const ada = await open(here);
  await until(1);
  away = true;
  await vi.waitUntil(() => errors.length > 0);
  await age('last_heartbeat_at', 300);
  away = false;
  for (const stream of here.streams) here.writer.markDirty(stream);
  const bob = await open(here);
  expect(await until(2)).toEqual([
    [[ada.playerId], [], 1],
    [[bob.playerId], [], 2],
  ]);
});
