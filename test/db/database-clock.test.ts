import { expect, test } from 'vitest';
import { DatabaseClock } from '../../src/db/database-clock.ts';

const DAY = 24 * 3_600_000;
const BORN = Date.parse('2026-05-05T05:05:05.000Z');

/** A database's clock beside a process's own, both set by hand. */
function clocks() {
  const time = { database: BORN, monotonic: 1_000 };
  const lines: string[] = [];
  const database = { query: async () => [{ now: new Date(time.database) }] as never[] };
  const clock = new DatabaseClock(database, {
    monotonic: () => time.monotonic,
    warn: (line) => lines.push(line),
  });
  return {
    time,
    lines,
    clock,
    /** Lets time pass on both, and more on the database's. */
    async pass(ms: number, jump = 0) {
      time.monotonic += ms;
      time.database += ms + jump;
      await clock.sample();
    },
  };
}

test("the database's time goes on between two readings, whatever this machine's clock says", async () => {
  const { clock, time, pass } = clocks();
  await pass(0);
  time.monotonic += 1_500;
  expect(clock.now()).toBe(BORN + 1_500);
});

test('a clock that jumps is not trusted until it is set right', async () => {
  const { clock, lines, pass } = clocks();
  await pass(0);
  await pass(30_000, 100 * DAY);
  expect([clock.jumpMs, lines.length]).toEqual([100 * DAY, 1]);
  await pass(30_000);
  expect(lines).toHaveLength(1);
  await pass(30_000, -100 * DAY);
  expect([clock.jumpMs, lines.length]).toEqual([0, 2]);
});

test('a clock that jumped and then is steady for a day is trusted again', async () => {
  const { clock, pass } = clocks();
  await pass(0);
  await pass(30_000, -DAY);
  await pass(DAY - 60_000);
  expect(clock.jumpMs).toBe(-DAY);
  await pass(120_000);
  expect(clock.jumpMs).toBe(0);
});

test('a clock that is slewed a little at a time is trusted throughout', async () => {
  const { clock, lines, pass } = clocks();
  await pass(0);
  for (let step = 0; step < 20; step++) await pass(30_000, 20_000);
  expect([clock.jumpMs, lines]).toEqual([0, []]);
});
