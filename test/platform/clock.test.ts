import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { createPlatformClock } from '../../src/platform/clock.ts';
import { type PrivateServer, startPrivateServer } from '../support/database-server.ts';

const SUMMER = '2026-07-01 12:00:00';
const WINTER = '2026-12-01 12:00:00.250';

describe('The platform clock', () => {
  let server: PrivateServer;
  let database: Database;
  beforeAll(async () => {
    // A server takes the zone of the machine, or of its environment, when it starts.
    const before = process.env.TZ;
    process.env.TZ = 'EST5EDT,M3.2.0,M11.1.0';
    try {
      server = await startPrivateServer();
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
    database = openDatabase({ url: server.url });
    await database.execute('CREATE TABLE moment (at DATETIME(3))');
  });
  afterAll(async () => {
    await database.close();
    await server.remove();
  });

  async function read(zone: string | undefined, value: string | null): Promise<string | null> {
    const clock = createPlatformClock(zone);
    await database.execute('DELETE FROM moment');
    await database.execute('INSERT INTO moment VALUES (?)', [value]);
    const rows = await database.query<{ at: Date | null }>(`SELECT ${clock.sql('at')} AS at FROM moment`);
    return clock.instant(rows[0]?.at ?? null)?.toISOString() ?? null;
  }

  it('uses the server’s zone, with its daylight saving', async () => {
    expect(await read(undefined, SUMMER)).toBe('2026-07-01T16:00:00.000Z');
    expect(await read(undefined, WINTER)).toBe('2026-12-01T17:00:00.250Z');
  });

  it("is the server's default zone where one was set, as the platform's own sessions have it", async () => {
    await database.execute("SET GLOBAL time_zone = '+05:30'");
    expect(await read(undefined, SUMMER)).toBe('2026-07-01T06:30:00.000Z');
    await database.execute("SET GLOBAL time_zone = 'SYSTEM'");
  });

  it('agrees with what a session of the platform has just written', async () => {
    await database.execute('DELETE FROM moment');
    const connection = await database.connect();
    await connection.query('SET time_zone = SYSTEM');
    await connection.query('INSERT INTO moment SELECT NOW(3)');
    await connection.end();
    const clock = createPlatformClock();
    const [row] = await database.query<{ at: Date; now: Date }>(
      `SELECT ${clock.sql('at')} AS at, UTC_TIMESTAMP(3) AS now FROM moment`,
    );
    const behindMs = (row?.now.getTime() ?? 0) - (clock.instant(row?.at ?? null)?.getTime() ?? 0);
    expect(Math.abs(behindMs)).toBeLessThan(600_000);
  });

  it('takes an offset, or a zone that the server does not know', async () => {
    expect(await read('+05:30', SUMMER)).toBe('2026-07-01T06:30:00.000Z');
    expect(await read('-03:00', SUMMER)).toBe('2026-07-01T15:00:00.000Z');
    expect(await read('Europe/Berlin', SUMMER)).toBe('2026-07-01T10:00:00.000Z');
    expect(await read('Europe/Berlin', WINTER)).toBe('2026-12-01T11:00:00.250Z');
    expect(await read('Asia/Kolkata', '1969-07-20 20:17:40')).toBe('1969-07-20T14:47:40.000Z');
  });

  it('is exact in the hours around a change of daylight saving', async () => {
    expect(await read('Europe/Berlin', '2026-03-29 01:59:59')).toBe('2026-03-29T00:59:59.000Z');
    expect(await read('Europe/Berlin', '2026-03-29 03:00:00')).toBe('2026-03-29T01:00:00.000Z');
    expect(await read('Europe/Berlin', '2026-10-25 01:59:59')).toBe('2026-10-24T23:59:59.000Z');
    expect(await read('Europe/Berlin', '2026-10-25 03:00:00')).toBe('2026-10-25T02:00:00.000Z');
    expect(await read('America/New_York', '2026-03-08 03:00:00')).toBe('2026-03-08T07:00:00.000Z');
    expect(await read('America/New_York', '2026-11-01 02:00:00')).toBe('2026-11-01T07:00:00.000Z');
  });

  it('returns null for a date that is none', async () => {
    expect(await read(undefined, null)).toBeNull();
    expect(await read(undefined, '0000-00-00 00:00:00')).toBeNull();
    expect(await read('Europe/Berlin', '0000-00-00 00:00:00')).toBeNull();
  });

  it('refuses a zone that does not exist', () => {
    expect(() => createPlatformClock('Europe/Atlantis')).toThrow(TypeError);
    expect(() => createPlatformClock('+25:00')).toThrow(TypeError);
  });
});
