import type { Connection } from 'mysql2/promise';
import { createActivityPages } from './copy-activity.ts';
import { createNotificationPages } from './copy-notifications.ts';
import { type Adopted, adopt, type OldId, type Page } from './progress.ts';
import { OLD_ACTIVITY, OLD_NOTIFICATIONS, type SocketIoTable } from './socketio-tables.ts';

type PagesOf = (connection: Connection) => Promise<(after: OldId | null) => Promise<Page | undefined>>;

/** The tables whose rows are taken over, in this order. Old sessions are over; their table is kept, and that is all. */
export const ADOPTED: readonly {
  readonly table: SocketIoTable;
  readonly what: string;
  readonly pages: PagesOf;
}[] = [
  { table: OLD_NOTIFICATIONS, what: 'notifications', pages: createNotificationPages },
  { table: OLD_ACTIVITY, what: 'lines of activity', pages: createActivityPages },
];

/** It is told of after each so many rows. */
const TOLD_EVERY = 50_000;

/** Copies what these tables hold into ours, as far as that was not done before. They have the names they are kept as. */
export async function adoptTables(
  connection: Connection,
  tables: readonly SocketIoTable[],
  log: (line: string) => void,
): Promise<Adopted[]> {
  const adopted: Adopted[] = [];
  for (const { table, what, pages } of ADOPTED) {
    if (!tables.includes(table)) continue;
    let told = 0;
    const result = await adopt(connection, table.keptAs, await pages(connection), (copied) => {
      if (copied - told < TOLD_EVERY) return;
      told = copied;
      log(`copied ${copied} ${what} so far`);
    });
    const rest = result.leftOut === 0 ? '' : `; ${result.leftOut} stay there alone, as they are nobody's`;
    log(`copied ${result.copied} ${what} from ${table.keptAs}${rest}`);
    adopted.push(result);
  }
  return adopted;
}
