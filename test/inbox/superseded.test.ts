import { expect, test } from 'vitest';
import type { Queries } from '../../src/db/database.ts';
import { prepare } from '../../src/events/prepare.ts';
import { inboxScopes } from '../../src/inbox/inbox-scopes.ts';
import { readPage } from '../../src/inbox/pages.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { openAppender } from '../support/database/log.ts';
import { createPlayer } from '../support/database/platform.ts';

const made = prepareDatabase();

test('what supersedes announcements is found by what followed where they went, however much the player has since', async () => {
  const { database } = made;
  const { playerId } = await createPlayer(database);
  const appender = openAppender(database);
  const append = (...events: [string, object][]) =>
    appender.append([{ drafts: events.map(([type, data]) => prepare(type, data)) }]);
  const announcement = { announcementId: 1, title: 'First', message: 'M' };
  const [first] = await append(['ANNOUNCEMENT', announcement]);
  const [corrected] = await append([
    'ANNOUNCEMENT',
    { ...announcement, title: 'Corrected', correction: true },
  ]);
  const [other] = await append(['ANNOUNCEMENT', { ...announcement, announcementId: 2 }]);
  await append(
    ...Array.from({ length: 900 }, (_, n): [string, object] => [
      'LEVEL_UP',
      { playerId, oldLevel: n + 1, newLevel: n + 2 },
    ]),
  );
  const [withdrawn] = await append(['ANNOUNCEMENT_WITHDRAWN', { announcementId: 1 }]);

  const page = async () =>
    database.transaction(async (connection) => {
      const scopes = await inboxScopes(connection, playerId);
      let reads = 0;
      const reading: Pick<Queries, 'query'> = {
        async query(sql: string, values?: unknown[]) {
          const handled = async () => {
            const rows = await connection.query<{ Value: string }>(
              "SHOW SESSION STATUS LIKE 'Handler_read_next'",
            );
            return Number(rows[0]?.Value);
          };
          const before = await handled();
          const rows = await connection.query(sql, values);
          if (sql.includes('ANNOUNCEMENT_WITHDRAWN')) reads += (await handled()) - before;
          return rows as never;
        },
      };
      const items = await readPage(
        reading,
        { playerId, scopes },
        [],
        { limit: 100, type: 'ANNOUNCEMENT' },
        1e9,
      );
      return { reads, superseded: items.map(({ id, supersededBy }) => [id, supersededBy]) };
    });
  const { reads, superseded } = await page();
  expect(superseded).toEqual([
    [other?.firstId, undefined],
    [corrected?.firstId, withdrawn?.firstId],
    [first?.firstId, corrected?.firstId],
  ]);
  expect(reads).toBeLessThan(10);
  // One to the player alone is another than the one that is corrected and withdrawn for all.
  const [own] = await append(['ANNOUNCEMENT', { ...announcement, playerId }]);
  await append(['ANNOUNCEMENT_WITHDRAWN', { announcementId: 1 }]);
  expect((await page()).superseded).toContainEqual([own?.firstId, undefined]);
  await appender.close();
});
