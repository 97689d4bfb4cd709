import type { Connection } from 'mysql2/promise';
import type { Database } from '../../../src/db/database.ts';

/** So many rows of a log of very large ones can be read within the time that a statement may take. */
const READABLE = 100;

/** What MariaDB says of a statement that took too long. */
function refuseTooMany(sql: string): void {
  const limit = Number(/LIMIT (\d+)$/.exec(sql)?.[1] ?? 0);
  if (limit > READABLE) throw Object.assign(new Error('max_statement_time exceeded'), { errno: 1969 });
}

/** A database whose rows are so large that it gives up on reads of many. */
export function withLargeRows(database: Database): Database {
  return {
    ...database,
    async query(sql, values) {
      refuseTooMany(sql);
      return database.query(sql, values);
    },
    async connect(settings) {
      const connection = await database.connect(settings);
      const query = connection.query.bind(connection) as (given: unknown, values?: unknown) => Promise<never>;
      connection.query = (async (given: string | { sql: string }, values?: unknown) => {
        refuseTooMany(typeof given === 'string' ? given : given.sql);
        return query(given, values);
      }) as Connection['query'];
      return connection;
    },
  };
}
