import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { installTriggers } from '../../src/platform/triggers/install.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { openPlatformSession, type PlatformSession } from '../support/database/platform-session.ts';

export interface TriggersFixture {
  readonly database: Database;
  /** A session of the platform. */
  readonly platform: Omit<PlatformSession, 'close'>;
}

/** A database of the file's own with all triggers, whose outbox is empty before each test. */
export function prepareTriggers(): TriggersFixture {
  const { url, database } = prepareDatabase();
  let session: PlatformSession | undefined;
  beforeAll(async () => {
    await installTriggers(database);
    session = await openPlatformSession(url);
  });
  afterAll(() => session?.close());
  beforeEach(() => database.execute('DELETE FROM event_outbox'));
  const opened = (): PlatformSession => {
    if (session === undefined) throw new Error('The session is opened after the hooks before this one.');
    return session;
  };
  return {
    database,
    platform: {
      get connection(): Connection {
        return opened().connection;
      },
      run: (sql, values) => opened().run(sql, values),
    },
  };
}
