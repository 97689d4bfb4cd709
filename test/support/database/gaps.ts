import type { Database, Queries } from '../../../src/db/database.ts';

/**
 * A database that calls `between` after each of its reads, inside and outside of transactions, with the number of reads
 * so far (1, 2, …): what happens in `between` falls into the gap before the next read.
 */
export function withGaps(database: Database, between: (reads: number) => Promise<void>): Database {
  let reads = 0;
  const gapped = <Q extends Pick<Queries, 'query'>>(queries: Q): Q =>
    Object.assign(Object.create(queries), {
      async query(sql: string, values?: readonly unknown[]) {
        const rows = await queries.query(sql, values);
        await between(++reads);
        return rows;
      },
    });
  return Object.assign(gapped(database), {
    transaction: <T>(run: (tx: Queries) => Promise<T>) => database.transaction((tx) => run(gapped(tx))),
    snapshot: <T>(run: (tx: Pick<Queries, 'query'>) => Promise<T>) =>
      database.snapshot((tx) => run(gapped(tx))),
  });
}
