import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { prepare } from '../../src/events/prepare.ts';
import type { Appender } from '../../src/log/appender.ts';
import { pruneLog } from '../../src/log/retention.ts';
import type { LogRow } from '../../src/log/row.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { openAppender } from '../support/database/log.ts';

const DAY = 24 * 3_600_000;
const MINUTE = 60_000;

const made = prepareDatabase();
let appender: Appender;
const committed: LogRow[] = [];
beforeAll(async () => {
  appender = openAppender(made.database, { onCommitted: (rows) => committed.push(...rows) });
});
afterAll(() => appender.close());
afterEach(() => vi.useRealTimers());

const note = (title: string) => ({ drafts: [prepare('ANNOUNCEMENT', { title, message: '-', playerId: 7 })] });
const ages = (ms: number) => ({
  player: ms,
  contest: ms,
  leaderboard: ms,
  problem: ms,
  global: ms,
  nudge: ms,
});

test.each([100 * DAY, -100 * DAY])(
  "a node whose clock is %d ms off writes the database's time",
  async (off) => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + off });
    const key = { value: `key:${off}`, fingerprint: Buffer.alloc(32), keepMs: MINUTE };
    const [appended] = await appender.append([{ ...note('late or early'), keys: [key] }]);
    const [row] = await made.database.query<{ apart: number; keepS: number }>(
      `SELECT ABS(TIMESTAMPDIFF(SECOND, n.created_at, UTC_TIMESTAMP(3))) AS apart,
            TIMESTAMPDIFF(SECOND, n.created_at, k.expires_at) AS keepS
       FROM notification n JOIN log_key k ON k.idempotency_key = ? WHERE n.id = ?`,
      [key.value, appended?.firstId],
    );
    expect(Number(row?.apart)).toBeLessThan(60);
    expect(Number(row?.keepS)).toBe(60);
    const [stored] = await made.database.query<{ at: Date }>(
      'SELECT created_at AS at FROM notification WHERE id = ?',
      [appended?.firstId],
    );
    expect(committed.at(-1)?.at).toBe(stored?.at.getTime());
  },
);

test("a node whose clock is 100 days ahead deletes nothing that is not old by the database's", async () => {
  await appender.append([note('kept')]);
  const count = async () => (await made.database.query('SELECT id FROM notification')).length;
  const keys = async () => (await made.database.query('SELECT idempotency_key FROM log_key')).length;
  const before = [await count(), await keys()];
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 100 * DAY });
  await pruneLog(made.database, ages(DAY));
  expect([await count(), await keys()]).toEqual(before);
});

test('a row dated ahead delays no retention, and is deleted with the rows after it', async () => {
  const { database } = made;
  const [first] = await appender.append([
    note('old'),
    note('dated ahead'),
    note('old, too'),
    note('new'),
    note('head'),
  ]);
  const id = first?.firstId ?? 0;
  await database.execute('UPDATE notification SET created_at = created_at - INTERVAL 2 DAY WHERE id <= ?', [
    id + 2,
  ]);
  await database.execute(
    'UPDATE notification SET created_at = UTC_TIMESTAMP(3) + INTERVAL 90 DAY WHERE id = ?',
    [id + 1],
  );
  await pruneLog(database, ages(DAY));
  expect(await database.query('SELECT id FROM notification ORDER BY id')).toEqual([
    { id: id + 3 },
    { id: id + 4 },
  ]);
});
