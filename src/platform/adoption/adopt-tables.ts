import type { Connection } from 'mysql2/promise';
import { createActivityPages } from './copy-activity.ts';
import { createNotificationPages } from './copy-notifications.ts';
import { type Adopted, adopt, type OldId, type Page } from './progress.ts';
import { OLD_ACTIVITY, OLD_NOTIFICATIONS, type SocketIoTable } from './socketio-tables.ts';

type PagesOf = (connection: Connection) => Promise<(after: OldId | null) => Promise<Page | undefined>>;

/** Tables whose rows are copied, in this order. The table of old sessions is only renamed. */
export const ADOPTED: readonly {
  readonly table: SocketIoTable;
  readonly what: string;
  readonly pages: PagesOf;
}[] = [
  { table: OLD_NOTIFICATIONS, what: 'notifications', pages: createNotificationPages },
  { table: OLD_ACTIVITY, what: 'lines of activity', pages: createActivityPages },
];

/** Rows between two progress lines. */
const LOG_EVERY = 50_000;

/** Copies the rows of renamed tables into ours, from where an earlier run stopped. */
export async function adoptTables(
  connection: Connection,
  tables: readonly SocketIoTable[],
  log: (line: string) => void,
): Promise<Adopted[]> {
  const adopted: Adopted[] = [];
  for (const { table, what, pages } of ADOPTED) {
    if (!tables.includes(table)) continue;
    let logged = 0;
    const result = await adopt(connection, table.keptAs, await pages(connection), (copied) => {
      if (copied - logged < LOG_EVERY) return;
      logged = copied;
      log(`copied ${copied} ${what} so far`);
    });
    const rest =
      result.leftOut === 0
        ? ''
        : `; ${result.leftOut} were not copied, since their player or action does not exist`;
    log(`copied ${result.copied} ${what} from ${table.keptAs}${rest}`);
    adopted.push(result);
  }
  return adopted;
}
