import { expect, test } from 'vitest';
import { createInbox } from '../../src/inbox/inbox.ts';
import { parseCursor } from '../../src/protocol/cursor.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { openAppender, solvedBy } from '../support/database/log.ts';
import { createPlayer } from '../support/database/platform.ts';

const made = prepareDatabase();

test('An event that is appended while a page is read is neither in it nor below its cursor', async () => {
  const { database } = made;
  const { playerId } = await createPlayer(database);
  const appender = openAppender(database);
  let head = 0;
  const append = async () => {
    const [appended] = await appender.append([solvedBy(playerId)]);
    // A problem solved has three rows.
    head = (appended?.firstId ?? 0) + 2;
    return appended?.firstId ?? 0;
  };
  const first = await append();
  const late: number[] = [];
  const inbox = createInbox({
    database: {
      execute: database.execute,
      transaction: database.transaction,
      query: async (sql, values) => {
        const rows = await database.query(sql, values);
        late.push(await append());
        return rows as never;
      },
    },
    publisher: { publishInternal: () => Promise.reject(new Error('nothing is marked')) },
    cursor: () => `${head}-k7f2`,
  });
  const page = await inbox.page(playerId, { limit: 10, archived: false });
  expect(late.length).toBeGreaterThan(1);
  expect(page.items.map(({ id }) => id)).toEqual([first]);
  expect(page.counts).toMatchObject({ unread: 1, total: 1 });
  const through = parseCursor(page.cursor)?.id ?? 0;
  expect(late.filter((id) => id <= through)).toEqual([]);
  await appender.close();
});
