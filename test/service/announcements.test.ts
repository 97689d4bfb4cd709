import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { installTriggers } from '../../src/platform/triggers/install.ts';
import { createPlayer, createUser } from '../support/database/platform.ts';
import { lockRows } from '../support/database/row-lock.ts';
import { prepareService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { type RawStream, readStream } from '../support/wire/raw-stream.ts';

const TYPES = 'ANNOUNCEMENT,ANNOUNCEMENT_WITHDRAWN';

describe('Announcements of the platform', { timeout: 120_000 }, () => {
  const live = prepareService();
  let player: number;
  let admin: number;
  let company: number;
  beforeAll(async () => {
    const { database } = live.test;
    await installTriggers(database);
    player = (await createPlayer(database)).userId;
    // An admin who plays has an inbox, too.
    admin = (await createPlayer(database)).userId;
    await database.execute("UPDATE users SET role = 'ADMIN' WHERE id = ?", [admin]);
    company = await createUser(database, { role: 'COMPANY' });
  });

  const authorization = async (userId: number) => ({ authorization: `Bearer ${await live.token(userId)}` });

  async function open(userId: number, query: string): Promise<RawStream> {
    const stream = await readStream(
      `${live.url}/streams?${query}&types=${TYPES}`,
      await authorization(userId),
    );
    onTestFinished(() => stream.close());
    await until(() => stream.events.some(({ event }) => event === 'caught-up'));
    return stream;
  }

  const titlesOf = (stream: RawStream) =>
    stream.events.flatMap(({ data }) => {
      const { type, title } = JSON.parse(data);
      return type === undefined ? [] : [title];
    });

  const withdrawnOf = (stream: RawStream) =>
    stream.events.flatMap(({ data }) => {
      const event = JSON.parse(data);
      return event.type === 'ANNOUNCEMENT_WITHDRAWN' ? [event.data.announcementId] : [];
    });

  async function announce(title: string, role: string | null = null): Promise<number> {
    const { insertId } = await live.test.database.execute(
      "INSERT INTO announcement (created_by, title, message, type, is_active, target_role) VALUES (?, ?, 'M', 'INFO', 1, ?)",
      [admin, title, role],
    );
    return insertId;
  }

  async function inboxOf(userId: number) {
    const response = await fetch(`${live.url}/notifications`, { headers: await authorization(userId) });
    expect(response.status).toBe(200);
    const { items } = (await response.json()) as {
      items: { id: number; title: string; message: string; supersededBy?: number }[];
    };
    return items;
  }

  it('reach that role alone: streams, inbox and REST', async () => {
    const streams = await Promise.all([player, admin, company].map((id) => open(id, 'scope=global')));
    await announce('Players', 'PLAYER');
    await announce('Admins', 'ADMIN');
    await announce('Companies', 'COMPANY');
    await announce('All');
    const expected = [
      ['Players', 'All'],
      ['Admins', 'All'],
      ['Companies', 'All'],
    ];
    await until(() => {
      expect(streams.map(titlesOf)).toEqual(expected);
      return true;
    });
    const replayed = await Promise.all(
      [player, admin, company].map((id) => open(id, 'scope=global&lastEventId=earliest')),
    );
    expect(replayed.map(titlesOf)).toEqual(expected);

    const ofPlayer = await inboxOf(player);
    const ofAdmin = await inboxOf(admin);
    expect(ofPlayer.map(({ title }) => title)).toEqual(['All', 'Players']);
    expect(ofAdmin.map(({ title }) => title)).toEqual(['All', 'Admins']);
    // What is in no other inbox cannot be marked by others, over REST and from SQL.
    const foreign = ofAdmin[1]?.id;
    const marked = await fetch(`${live.url}/notifications/${foreign}/read`, {
      method: 'PUT',
      headers: await authorization(player),
    });
    expect(marked.status).toBe(404);
    const [{ id: playerId } = { id: 0 }] = await live.test.database.query<{ id: number }>(
      'SELECT id FROM player WHERE user_id = ?',
      [player],
    );
    await live.test.database.execute("CALL live_acknowledge(?, ?, 'read')", [playerId, ofPlayer[1]?.id]);
    await expect(
      live.test.database.execute("CALL live_acknowledge(?, ?, 'read')", [playerId, foreign]),
    ).rejects.toThrow('no such notification');

    for (const scope of ['admins', 'companies']) {
      const response = await fetch(`${live.url}/streams?scope=${scope}`, {
        headers: await authorization(player),
      });
      expect(response.status).toBe(404);
      await response.body?.cancel();
    }
  });

  it('that are corrected or withdrawn are published as such, and superseded in the inbox', async () => {
    const stream = await open(player, 'scope=global');
    const id = await announce('First');
    await until(() => titlesOf(stream).length === 1);
    await live.test.database.execute("UPDATE announcement SET title = 'Second' WHERE id = ?", [id]);
    await until(() => titlesOf(stream).length === 2);
    await live.test.database.execute('UPDATE announcement SET is_active = 0 WHERE id = ?', [id]);
    await until(() => titlesOf(stream).length === 3);
    await live.test.database.execute('UPDATE announcement SET is_active = 1 WHERE id = ?', [id]);
    await until(() => titlesOf(stream).length === 4);
    expect(titlesOf(stream)).toEqual(['First', 'Second', 'Announcement withdrawn', 'Second']);

    const [again, withdrawal, corrected, first] = await inboxOf(player);
    expect(withdrawal).toMatchObject({ title: 'Announcement withdrawn', message: 'Second' });
    expect([again, withdrawal, corrected, first].map((item) => item?.supersededBy)).toEqual([
      undefined,
      undefined,
      withdrawal?.id,
      corrected?.id,
    ]);
  });

  it('that expire are withdrawn from streams and inboxes, and not where their expiry was moved', async () => {
    const { database } = live.test;
    const stream = await open(player, 'scope=global');
    const soon = 'expires_at = NOW() + INTERVAL 2 SECOND';
    const moved = await announce('Moved');
    await database.execute(`UPDATE announcement SET ${soon} WHERE id = ?`, [moved]);
    await database.execute(
      'UPDATE announcement SET expires_at = NOW() + INTERVAL 1 HOUR, is_active = 1 WHERE id = ?',
      [moved],
    );
    const off = await announce('Off');
    await database.execute(`UPDATE announcement SET ${soon} WHERE id = ?`, [off]);
    await database.execute('UPDATE announcement SET is_active = 0 WHERE id = ?', [off]);
    const id = await announce('Ends');
    await database.execute(`UPDATE announcement SET ${soon} WHERE id = ?`, [id]);
    // The same expiry twice is one.
    await database.execute('UPDATE announcement SET is_active = 0 WHERE id = ?', [id]);
    await database.execute('UPDATE announcement SET is_active = 1 WHERE id = ?', [id]);
    await until(() => withdrawnOf(stream).filter((one) => one === id).length === 2);
    const [expired] = await database.query<{ late: number }>(
      'SELECT expires_at <= NOW() AS late FROM announcement WHERE id = ?',
      [id],
    );
    expect(expired).toEqual({ late: 1 });
    const [withdrawal, shown] = (await inboxOf(player)).filter(({ title, message }) =>
      [title, message].includes('Ends'),
    );
    expect(shown).toMatchObject({ title: 'Ends', supersededBy: withdrawal?.id });

    // Shown again, it is published and expires anew.
    await database.execute(`UPDATE announcement SET ${soon} WHERE id = ?`, [id]);
    await until(() => withdrawnOf(stream).filter((one) => one === id).length === 3);
    expect(titlesOf(stream).filter((title) => title === 'Ends')).toHaveLength(3);
    expect(withdrawnOf(stream).filter((one) => one === off)).toHaveLength(1);
    expect(withdrawnOf(stream)).not.toContain(moved);
    expect(
      await database.query('SELECT id FROM announcement_expiry WHERE expires_at <= UTC_TIMESTAMP()'),
    ).toEqual([]);
  });

  it('that expire while the expiry of another is locked are withdrawn, and that one once it is free', async () => {
    const { database } = live.test;
    const stream = await open(player, 'scope=global');
    const [held, other] = [await announce('Held'), await announce('Other')];
    await database.execute('UPDATE announcement SET expires_at = NOW() + INTERVAL 3 SECOND WHERE id IN (?)', [
      [held, other],
    ]);
    const free = await lockRows(live.test.url, `announcement_expiry WHERE announcement_id = ${held}`);
    await until(() => withdrawnOf(stream).includes(other));
    expect(withdrawnOf(stream)).not.toContain(held);
    await free();
    await until(() => withdrawnOf(stream).includes(held));
  });

  it('for all reach users whose role this release does not know', async () => {
    const { database } = live.test;
    await database.execute("ALTER TABLE users MODIFY role VARCHAR(20) NOT NULL DEFAULT 'PLAYER'");
    const moderator = await createPlayer(database);
    await database.execute("UPDATE users SET role = 'MODERATOR' WHERE id = ?", [moderator.userId]);
    const stream = await open(moderator.userId, 'scope=global');
    await announce('For all');
    await until(() => titlesOf(stream).length > 0);
    expect(titlesOf(stream)).toEqual(['For all']);
    expect((await inboxOf(moderator.userId)).map(({ title }) => title)).toContain('For all');
  });
});
