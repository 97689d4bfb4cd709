import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { createPlatformClock } from '../../src/platform/clock.ts';
import { type PrivateServer, startPrivateServerIn } from '../support/database/database-server.ts';

const SUMMER = '2026-07-01 12:00:00';
const WINTER = '2026-12-01 12:00:00.250';

/** How JavaScript reads a local time in New York. */
function inNewYork(wall: string): string {
  const before = process.env.TZ;
  process.env.TZ = 'America/New_York';
  try {
    return new Date(wall.replace(' ', 'T')).toISOString();
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
}

describe('The platform clock', () => {
  let server: PrivateServer;
  let database: Database;
  beforeAll(async () => {
    server = await startPrivateServerIn('EST5EDT,M3.2.0,M11.1.0');
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
    const [row] = await database.query(`SELECT ${clock.select('at', 'at')} FROM moment`);
    return clock.instant(row ?? {}, 'at')?.toISOString() ?? null;
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
    const [row] = await database.query<{ now: Date }>(
      `SELECT ${clock.select('at', 'at')}, UTC_TIMESTAMP(3) AS now FROM moment`,
    );
    const behindMs = (row?.now.getTime() ?? 0) - (clock.instant(row ?? {}, 'at')?.getTime() ?? 0);
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

  it.each([
    [
      'is skipped, as if the clock had not been changed yet',
      '2026-03-08 02:30:00',
      '2026-03-08T07:30:00.000Z',
    ],
    ['is repeated, as the first of the two', '2026-11-01 01:30:00', '2026-11-01T05:30:00.000Z'],
  ])('reads a local time that %s', async (_, wall, instant) => {
    expect(await read('America/New_York', wall)).toBe(instant);
    expect(await read(undefined, wall)).toBe(instant);
    // The platform's own process reads its DATETIMEs so.
    expect(inNewYork(wall)).toBe(instant);
  });

  it('reads the server’s zone as it reads the same zone by its name, around every change until 2099', async () => {
    const clock = createPlatformClock('America/New_York');
    const years = [1975, 1990, 2007, 2026, 2037, 2038, 2055, 2099];
    const walls = years.flatMap((year) =>
      [`${year}-03-0`, `${year}-11-0`, `${year}-07-0`].flatMap((month) =>
        [1, 3, 6, 8, 9].flatMap((day) =>
          ['00:59:59', '01:00:00', '01:30:00', '02:00:00', '02:59:59', '03:00:00'].map(
            (time) => `${month}${day} ${time}`,
          ),
        ),
      ),
    );
    await database.execute('DELETE FROM moment');
    await database.execute('INSERT INTO moment VALUES ?', [walls.map((wall) => [wall])]);
    const rows = await database.query<{ at: Date }>(
      `SELECT ${createPlatformClock().select('at', 'at')} FROM moment`,
    );
    const own = createPlatformClock();
    // The server's rule has no history: it is compared where the named zone has the same.
    const comparable = rows.filter(({ at }) => at.getUTCFullYear() >= 2007);
    expect(comparable.length).toBeGreaterThan(500);
    for (const row of comparable)
      expect([row.at, own.instant(row, 'at')]).toEqual([row.at, clock.instant({ at: row.at }, 'at')]);
    for (const row of rows) expect(own.instant(row, 'at')).not.toBeNull();
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
