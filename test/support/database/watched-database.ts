import type { Connection } from 'mysql2/promise';
import type { Database } from '../../../src/db/database.ts';

/** As of a process that was killed: its connection ends, and it does nothing more. */
export class Killed extends Error {}

/**
 * The same database, with `sent` called for every statement on a connection of the caller's own once that has run, before
 * the caller gets its answer. Where `sent` throws, the connection is cut, and all that is sent on it from then on fails.
 */
export function watched(database: Database, sent: (statement: string) => void): Database {
  return {
    ...database,
    async connect(settings) {
      const connection = await database.connect(settings);
      let killed: unknown;
      const query = async (...args: Parameters<Connection['query']>) => {
        if (killed) throw killed;
        const answer = await connection.query(...args);
        try {
          sent(JSON.stringify(args).replaceAll(database.name, ''));
        } catch (error) {
          killed = error;
          connection.destroy();
          throw error;
        }
        return answer;
      };
      return Object.assign(Object.create(connection), { query, destroy: () => connection.destroy() });
    },
  };
}
