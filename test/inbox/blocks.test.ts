import { beforeAll, describe, expect, it } from 'vitest';
import { createInbox } from '../../src/inbox/inbox.ts';
import { pruneLog } from '../../src/log/retention.ts';
import type { ReceiptAction } from '../../src/protocol/enums.ts';
import type { EventType } from '../../src/protocol/event.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { createContest, createPlayer, joinContest } from '../support/database/platform.ts';
import { lockRows } from '../support/database/row-lock.ts';
import { seededRandom } from '../support/random.ts';

/** Rows of the log, of which two thirds are the player's. */
const ROWS = 6_000;
const DAY_MS = 86_400_000;

interface Row {
  readonly id: number;
  readonly scope: string;
  readonly type: EventType;
  readonly seen: number;
  readonly read: number;
  readonly archived: number;
}

describe('A long inbox', () => {
  const made = prepareDatabase();
  let playerId: number;
  let contestId: number;
  let head = 0;
  let takesWrites = true;
  const inbox = createInbox({
    database: {
      query: (...args) => made.database.query(...args),
      execute: (...args) => made.database.execute(...args),
      transaction: async (run) => {
        if (!takesWrites) throw Object.assign(new Error('read-only'), { errno: 1290 });
        return made.database.transaction(run);
      },
    },
    publisher: { publishInternal: async () => ({}) as never },
    cursor: () => `${head}-k7f2`,
  });

  /** Appends rows for the player, a contest and everybody, as an older node does: nothing else is written. */
  async function append(count: number): Promise<void> {
    const rows = Array.from({ length: count }, (_, index) => {
      const id = head + 1 + index;
      const scope = id % 3 ? `player:${playerId}` : id % 2 ? `contest:${contestId}` : 'global';
      const type = id % 97 === 0 ? 'TIER_UPGRADE' : id % 3 ? 'LEVEL_UP' : 'ANNOUNCEMENT';
      const kept = id % 3 ? 'player' : id % 2 ? 'contest' : 'global';
      return [
        id,
        id,
        scope,
        kept,
        type,
        1,
        playerId,
        'T',
        'M',
        '{}',
        new Date(Date.now() - Math.max(0, ROWS - id) * 1000),
      ];
    });
    await made.database.execute(
      'INSERT INTO notification (id, event_id, scope, keep_class, type, inbox, player_id, title, message, data, created_at) VALUES ?',
      [rows],
    );
    head += count;
    await made.database.execute('UPDATE log_head SET head = ?', [head]);
  }

  /** All of the inbox, newest first, with nothing but a join: what it was before there were blocks. */
  const all = (): Promise<Row[]> =>
    made.database.query<Row>(
      `SELECT n.id, n.scope, n.type, r.seen_at IS NOT NULL AS seen, r.read_at IS NOT NULL AS \`read\`, r.archived_at IS NOT NULL AS archived
         FROM notification n LEFT JOIN notification_receipt r ON r.notification_id = n.id AND r.player_id = ?
        WHERE n.inbox = 1 AND (n.scope IN (?, 'global', 'players') OR n.scope = ? AND EXISTS (
          SELECT 1 FROM contest_participant p WHERE p.player_id = ? AND p.contest_id = ?)) ORDER BY n.id DESC`,
      [playerId, `player:${playerId}`, `contest:${contestId}`, playerId, contestId],
    );

  function countsIn(rows: readonly Row[]) {
    const kept = rows.filter(({ archived }) => !archived);
    return {
      unread: kept.filter(({ read }) => !read).length,
      unseen: kept.filter(({ seen }) => !seen).length,
      total: kept.length,
    };
  }

  /** Compares counts, and pages by every filter from several positions on, with what `all` says. */
  async function expectRight(): Promise<void> {
    const rows = await all();
    const counts = countsIn(rows);
    expect(await inbox.counts(playerId)).toEqual(counts);
    const filters = [
      {},
      { unread: true },
      { unread: false },
      { archived: true },
      { type: 'TIER_UPGRADE' as const },
    ];
    for (const before of [undefined, Math.trunc(head / 2), head - 5])
      for (const filter of filters) {
        const page = await inbox.page(playerId, { limit: 20, before, ...filter });
        const wanted = rows.filter(
          (row) =>
            (before === undefined || row.id < before) &&
            !row.archived === !('archived' in filter) &&
            (!('unread' in filter) || !row.read === filter.unread) &&
            (!('type' in filter) || row.type === filter.type),
        );
        expect(page.items.map(({ id }) => id)).toEqual(wanted.slice(0, 20).map(({ id }) => id));
        expect(page.next).toBe(wanted.length > 20 ? wanted[19]?.id : null);
        expect(page.counts).toEqual(counts);
      }
  }

  const blocks = () =>
    made.database.query<{ throughId: number; kept: number }>(
      'SELECT through_id AS throughId, kept FROM inbox_block WHERE player_id = ? ORDER BY through_id',
      [playerId],
    );

  beforeAll(async () => {
    ({ playerId } = await createPlayer(made.database));
    contestId = await createContest(made.database);
    await append(ROWS);
  });

  it('is counted in blocks, which together are all but its newest part', async () => {
    await expectRight();
    const counted = await blocks();
    expect(counted.length).toBeGreaterThan(5);
    const rest = (await all()).filter(({ id }) => id > (counted.at(-1)?.throughId ?? 0));
    expect(rest.length).toBeLessThan(1_024);
  });

  it('is right whatever is done with it, by this service, by earlier releases and from SQL', async () => {
    const random = seededRandom();
    const some = async () => {
      const rows = await all();
      return Array.from(
        { length: 1 + Math.trunc(random() * 30) },
        () => rows[Math.trunc(random() * rows.length)]?.id ?? 0,
      );
    };
    const actions: ReceiptAction[] = ['seen', 'read', 'archived', 'unread', 'unarchived'];
    const pick = <T>(from: readonly T[]) => from[Math.trunc(random() * from.length)] as T;
    const steps: (() => Promise<unknown>)[] = [
      async () => inbox.mark(playerId, pick(actions), { ids: await some() }),
      async () =>
        inbox.mark(playerId, pick(['seen', 'read'] as const), { throughId: Math.trunc(random() * head) }),
      // A node of an earlier release.
      async () =>
        made.database.execute(
          `INSERT INTO notification_receipt (player_id, notification_id, seen_at, read_at, archived_at) VALUES ?
           ON DUPLICATE KEY UPDATE read_at = VALUES(read_at)`,
          [(await some()).map((id) => [playerId, id, new Date(), new Date(), null])],
        ),
      async () =>
        made.database.execute('CALL live_acknowledge(?, ?, ?)', [
          playerId,
          (await some())[0],
          pick(['read', 'unread', 'archive']),
        ]),
      () => append(1 + Math.trunc(random() * 700)),
      () => joinContest(made.database, { contestId, playerId }).catch(() => {}),
      () => made.database.execute('DELETE FROM contest_participant WHERE player_id = ?', [playerId]),
    ];
    for (let round = 0; round < 40; round++) {
      await pick(steps)();
      await expectRight();
    }
  }, 120_000);

  it('is right after retention, of each keep class', async () => {
    const ages = { player: 1, contest: 1, leaderboard: 1, problem: 1, global: 1, nudge: 1 };
    const kept = Object.fromEntries(Object.keys(ages).map((name) => [name, 365 * DAY_MS])) as typeof ages;
    for (const [name, seconds] of [
      ['player', 3_000],
      ['global', 1_000],
      ['contest', 2_000],
      ['player', 500],
    ] as const) {
      await pruneLog(made.database, { ...kept, [name]: seconds * 1_000 });
      await expectRight();
    }
  }, 120_000);

  it('counts again what another transaction had changed and not committed', async () => {
    const rows = await all();
    const id = rows.at(-1)?.id as number;
    await inbox.markOne(playerId, 'read', id);
    const other = await made.database.connect();
    await other.query('START TRANSACTION');
    await other.query(
      'UPDATE notification_receipt SET read_at = NULL WHERE player_id = ? AND notification_id = ?',
      [playerId, id],
    );
    await expectRight();
    await other.query('COMMIT');
    await other.end();
    await expectRight();
  });

  it('is right where another transaction has locked its blocks, or the server takes no writes', async () => {
    const change = () =>
      made.database.execute(
        'UPDATE notification_receipt SET read_at = IF(read_at IS NULL, UTC_TIMESTAMP(3), NULL) WHERE player_id = ?',
        [playerId],
      );
    await inbox.mark(playerId, 'seen', { throughId: head });
    await change();
    const unlock = await lockRows(made.url, `inbox_summary WHERE player_id = ${playerId}`);
    const rows = await all();
    expect(await inbox.counts(playerId)).toEqual(countsIn(rows));
    const { items } = await inbox.page(playerId, { limit: 100, unread: true });
    expect(items.map(({ id }) => id)).toEqual(
      rows
        .filter(({ read, archived }) => !read && !archived)
        .slice(0, 100)
        .map(({ id }) => id),
    );
    await unlock();
    await change();
    takesWrites = false;
    await expectRight();
    takesWrites = true;
    await expectRight();
  }, 120_000);

  it('is counted by several nodes at once', async () => {
    await append(3_000);
    await made.database.execute('DELETE FROM inbox_summary');
    await made.database.execute('DELETE FROM inbox_block');
    await Promise.all(Array.from({ length: 6 }, () => inbox.counts(playerId)));
    await expectRight();
  });
});
