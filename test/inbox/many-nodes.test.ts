import { describe, expect, it } from 'vitest';
import type { LogPublisher } from '../../src/events/log-publisher.ts';
import { createInbox, type PlayerInboxes } from '../../src/inbox/inbox.ts';
import type { InboxCounts } from '../../src/protocol/api/inbox.ts';
import { formatCursor } from '../../src/protocol/cursor.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { preparePublisher } from '../support/database/outbox.ts';
import { createPlayer } from '../support/database/platform.ts';
import { note } from '../support/service.ts';

describe('Inboxes of several nodes over one database', () => {
  const test = prepareDatabase();
  const publisher = preparePublisher(test.database);

  function node(
    options: { cursor?: string; publishInternal?: LogPublisher['publishInternal'] } = {},
  ): PlayerInboxes {
    return createInbox({
      database: test.database,
      publisher: { publishInternal: options.publishInternal ?? publisher.publishInternal },
      cursor: () => options.cursor ?? formatCursor(Number.MAX_SAFE_INTEGER, 'abcd'),
    });
  }

  async function give(count: number, title = 'n'): Promise<{ playerId: number; ids: number[] }> {
    const { playerId } = await createPlayer(test.database);
    const events = Array.from({ length: count }, (_, index) => note(playerId, `${title}${index}`));
    const published = await publisher.publishUnchecked(events);
    return { playerId, ids: published.map((event) => event.eventId) };
  }

  async function echoes(playerId: number): Promise<{ action: string; counts: InboxCounts }[]> {
    const rows = await test.database.query<{ data: string }>(
      "SELECT data FROM notification WHERE scope = ? AND type = 'RECEIPTS' ORDER BY id",
      [`player:${playerId}`],
    );
    return rows.map((row) => JSON.parse(row.data));
  }

  it('end with an echo that is right, however often another node was faster', async () => {
    const { playerId, ids } = await give(10);
    const other = node();
    const rivals = ids.slice(1, 8);
    const overtaken = node({
      async publishInternal(type, data) {
        const rival = rivals.shift();
        if (rival !== undefined) await other.markOne(playerId, 'read', rival);
        return publisher.publishInternal(type, data);
      },
    });
    const { counts } = await overtaken.markOne(playerId, 'read', ids[0] as number);
    expect(counts).toEqual({ unread: 2, unseen: 2, total: 10 });
    expect((await echoes(playerId)).at(-1)?.counts).toEqual(counts);
  });

  it('end with the right echo after changes at once on each of them', async () => {
    const { playerId, ids } = await give(40);
    const nodes = [node(), node(), node()];
    await Promise.all(
      ids
        .slice(0, 30)
        .map((id, index) => (nodes[index % 3] as PlayerInboxes).markOne(playerId, 'archived', id)),
    );
    const counts = { unread: 10, unseen: 10, total: 10 };
    expect(await node().counts(playerId)).toEqual(counts);
    expect((await echoes(playerId)).at(-1)?.counts).toEqual(counts);
  });

  it('echo a change that was asked for many times at once only once', async () => {
    const { playerId, ids } = await give(1);
    const inbox = node();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => inbox.markOne(playerId, 'read', ids[0] as number)),
    );
    expect(answers.reduce((sum, { changed }) => sum + changed, 0)).toBe(1);
    expect(await echoes(playerId)).toHaveLength(1);
  });

  it('publish opposite changes in the order in which they were made', async () => {
    const { playerId, ids } = await give(1);
    const inbox = node();
    const actions = ['read', 'unread', 'read', 'unread', 'archived', 'unarchived'] as const;
    await Promise.all(actions.map((action) => inbox.markOne(playerId, action, ids[0] as number)));
    expect((await echoes(playerId)).map(({ action }) => action)).toEqual(actions);
  });

  it('go on after a change that failed', async () => {
    const { playerId, ids } = await give(2);
    const inbox = node();
    const [failed, done] = await Promise.allSettled([
      inbox.markOne(playerId, 'read', 2 ** 50),
      inbox.markOne(playerId, 'read', ids[0] as number),
    ]);
    expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'not-found' } });
    expect(done).toMatchObject({ status: 'fulfilled', value: { changed: 1 } });
  });

  it('show nothing and count nothing beyond the cursor that a page comes with', async () => {
    const { playerId, ids } = await give(5);
    const cursor = formatCursor(ids[2] as number, 'abcd');
    const page = await node({ cursor }).page(playerId, { limit: 20 });
    expect(page.cursor).toBe(cursor);
    expect(page.items.map(({ id }) => id)).toEqual([ids[2], ids[1], ids[0]]);
    expect(page.counts).toEqual({ unread: 3, unseen: 3, total: 3 });
  });

  it('give back every character that was published', async () => {
    const title = 'a\0b \u{1f600}\u2028\ufeff\r\n"\\ ';
    const { playerId } = await give(1, title);
    const { items } = await node().page(playerId, { limit: 1 });
    expect(items[0]).toMatchObject({ title: `${title}0`, type: 'ANNOUNCEMENT', seenAt: null });
  });

  it('find what is theirs among more contests than fit into one list', async () => {
    const { playerId, ids } = await give(1);
    const { userId } = await createPlayer(test.database);
    const count = 1200;
    const { insertId: first } = await test.database.execute(
      'INSERT INTO contest (created_by, problems, title, start_time, end_time, duration_mins) VALUES ?',
      [Array.from({ length: count }, () => [userId, '[]', 'Many', '2026-01-01', '2026-01-02', 60])],
    );
    await test.database.execute(
      'INSERT INTO contest_participant (contest_id, player_id) SELECT id, ? FROM contest WHERE title = ?',
      [playerId, 'Many'],
    );
    const published = await publisher.publishUnchecked(
      [first, first + count - 1, first + count].map((contestId) => ({
        type: 'CONTEST_STATUS',
        data: { contestId, newStatus: 'LIVE' },
      })),
    );
    const wanted = [published[1], published[0]].map((event) => event?.eventId);
    const page = await node().page(playerId, { limit: 20 });
    expect(page.items.map(({ id }) => id)).toEqual([...wanted, ids[0]]);
    const marked = await node().mark(playerId, 'read', { throughId: published[2]?.eventId as number });
    expect(marked).toEqual({ changed: 3, counts: { unread: 0, unseen: 0, total: 3 } });
  });
});
