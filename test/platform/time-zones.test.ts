import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import { createPlatformClock, type PlatformClock } from '../../src/platform/clock.ts';
import { announcementsOf, type ClockNode, openClockNode } from '../contest/fixture.ts';
import { type PrivateServer, startPrivateServerIn } from '../support/database/database-server.ts';
import { createContest, setPlatformSchema } from '../support/database/platform.ts';

/** What a clock on a wall shows at an instant. */
function wallOf(zone: string, at: Date): Date {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  return new Date(`${format.format(at).replace(' ', 'T')}Z`);
}

describe('A local time', () => {
  const zones = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Apia'];
  const hourMs = 3_600_000;

  test('is read as an instant that has that local time, also in a repeated hour', () => {
    const second = fc.integer({ min: 946_684_800, max: 2_145_916_800 });
    fc.assert(
      fc.property(fc.constantFrom(...zones), second, (zone, seconds) => {
        const at = new Date(seconds * 1000);
        const wall = wallOf(zone, at);
        const read = createPlatformClock(zone).instant({ wall }, 'wall') as Date;
        expect(wallOf(zone, read)).toEqual(wall);
        expect(Math.abs(read.getTime() - at.getTime())).toBeLessThanOrEqual(hourMs);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['2026-03-29 01:30:00', '2026-03-29 03:30:00', 1],
    ['2026-10-25 01:30:00', '2026-10-25 03:30:00', 3],
    ['2026-07-01 01:30:00', '2026-07-01 03:30:00', 2],
  ])('makes a contest from %s to %s last %i hours in Berlin', (from, to, hours) => {
    const clock = createPlatformClock('Europe/Berlin');
    const instant = (wall: string) =>
      clock.instant({ wall: new Date(`${wall.replace(' ', 'T')}Z`) }, 'wall')?.getTime() ?? 0;
    expect(instant(to) - instant(from)).toBe(hours * hourMs);
  });
});

describe('The contest clock of a server in another zone', () => {
  let server: PrivateServer;
  let database: Database;
  const nodes: ClockNode[] = [];

  beforeAll(async () => {
    server = await startPrivateServerIn('EST5EDT,M3.2.0,M11.1.0');
    database = openDatabase({ url: server.url });
    await migrate(database);
  });
  afterEach(async () => {
    await Promise.all(nodes.splice(0).map((node) => node.close()));
    await database.execute("SET GLOBAL time_zone = 'SYSTEM'");
  });
  afterAll(async () => {
    await database.close();
    await server.remove();
  });

  /** A contest that an admin starts for the next second, by the clock of the platform's own session. */
  async function soon(plusMinutes = 0): Promise<number> {
    const id = await createContest(database, {
      status: 'UPCOMING',
      startTime: '2037-01-01 00:00:00',
      endTime: '2037-01-02 00:00:00',
    });
    const connection = await database.connect();
    await connection.query('SET time_zone = @@global.time_zone');
    await connection.query(
      `UPDATE contest SET start_time = NOW() + INTERVAL ${1 + plusMinutes * 60} SECOND,
              end_time = NOW() + INTERVAL ${2 + plusMinutes * 60} SECOND WHERE id = ?`,
      [id],
    );
    await connection.end();
    return id;
  }
  function keep(clock?: PlatformClock): void {
    const node = openClockNode(database, clock);
    nodes.push(node);
    node.start();
  }
  const tellsAll = (id: number) =>
    expect.poll(() => announcementsOf(database, id)).toEqual(['LIVE', 'ENDED', 'END']);

  test.each(['SYSTEM', '+05:30', '-11:00'])('announces at the platform’s times, in %s', async (zone) => {
    await database.execute('SET GLOBAL time_zone = ?', [zone]);
    const later = await soon(20);
    const id = await soon();
    keep();
    await tellsAll(id);
    expect(await announcementsOf(database, later)).toEqual([]);
  });

  test.each(['+05:30', '-11:00'])(
    'announces at the instants of a platform’s first schema, in %s',
    async (zone) => {
      await setPlatformSchema(database, { start: 'TIMESTAMP', end: 'TIMESTAMP', solved: 'TIMESTAMP' });
      await database.execute('SET GLOBAL time_zone = ?', [zone]);
      const later = await soon(20);
      const id = await soon();
      for (const clock of [undefined, createPlatformClock('Asia/Kolkata')]) keep(clock);
      await tellsAll(id);
      expect(await announcementsOf(database, later)).toEqual([]);
      await setPlatformSchema(database, { start: 'DATETIME', end: 'DATETIME', solved: 'TIMESTAMP' });
    },
  );

  test('uses the configured zone, whatever the server’s is', async () => {
    await database.execute("SET GLOBAL time_zone = '+05:30'");
    const id = await soon();
    await database.execute("SET GLOBAL time_zone = '-11:00'");
    keep(createPlatformClock('Asia/Kolkata'));
    await tellsAll(id);
  });
});
