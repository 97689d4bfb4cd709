import type { Database } from '../../../src/db/database.ts';

export interface HeldQuery {
  /** As the database, but for the answer that is held. */
  readonly database: Database;
  /** Resolves when the database has answered. */
  readonly reached: Promise<void>;
  readonly release: () => void;
}

/** Holds the answer of the first query whose statement matches, until it is released. */
export function holdQuery(database: Database, statement: RegExp): HeldQuery {
  let arrive = () => {};
  let release = () => {};
  const reached = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let isHeld = false;
  const query = async (sql: string, values?: unknown[]) => {
    const rows = await database.query(sql, values);
    if (isHeld || !statement.test(sql)) return rows;
    isHeld = true;
    arrive();
    await released;
    return rows;
  };
  return {
    database: { ...database, query: query as typeof database.query },
    reached,
    release: () => release(),
  };
}
