import { sql } from 'drizzle-orm';
import { bigint, customType, datetime } from 'drizzle-orm/mysql-core';

/** ASCII text that is compared byte by byte, whatever the server's default collation. */
export const tokenColumn = customType<{ data: string; config: { length: number } }>({
  dataType: (config) => `varchar(${config?.length}) character set ascii collate ascii_bin`,
});

/** JSON that is read as text: it is passed on without being parsed. */
export const jsonTextColumn = customType<{ data: string }>({ dataType: () => 'json' });

/** Ids of the platform and positions of the log: BIGINT, below 2^53. */
export const idColumn = (name: string) => bigint(name, { mode: 'number' });

/** Time of the last write of a row, kept by the server, independent of the writer. An instant, whatever the writer's time zone. */
export const changeTimeColumn = customType<{ data: Date }>({
  dataType: () => 'timestamp(3) NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3)',
});

/** Instant in UTC, to the millisecond. */
export const instantColumn = (name: string) => datetime(name, { mode: 'date', fsp: 3 });

/** Default of an instant that a writer leaves out. */
export const NOW_UTC = sql`(UTC_TIMESTAMP(3))`;
