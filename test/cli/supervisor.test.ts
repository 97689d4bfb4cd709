import { expect, test } from 'vitest';
import { Supervisor, type WorkerEvents } from '../../src/cli/start/supervisor.ts';
import { createManualClock } from '../support/manual-clock.ts';

interface Started extends WorkerEvents {
  readonly number: number;
  readonly at: number;
  readonly asked: string[];
  readonly isOver: () => boolean;
}

function createSupervisor(count: number) {
  const clock = createManualClock();
  const started: Started[] = [];
  const supervisor = new Supervisor({
    count,
    timers: clock,
    log: () => {},
    spawn(number, events) {
      const asked: string[] = [];
      let over = false;
      const ended = (how: string) => {
        over = true;
        events.ended(how);
      };
      started.push({ ...events, ended, isOver: () => over, number, at: clock.now(), asked });
      return {
        pid: started.length,
        stop: (reason) => void asked.push(reason),
        kill: () => void asked.push('kill'),
      };
    },
  });
  const startsOf = (number: number) => started.filter((one) => one.number === number);
  const last = (number: number) => startsOf(number).at(-1) as Started;
  return { clock, supervisor, started, startsOf, last };
}

/** A supervisor whose workers all listen. */
async function createRunning(count: number) {
  const all = createSupervisor(count);
  const opening = all.supervisor.start();
  all.last(1).listening(4400);
  await opening;
  for (let number = 2; number <= count; number++) all.last(number).listening(4400);
  return all;
}

test('The first worker is started alone, and the others once it listens', async () => {
  const { supervisor, started, last } = createSupervisor(3);
  const opening = supervisor.start();
  expect(started.map(({ number }) => number)).toEqual([1]);
  last(1).listening(4400);
  expect(await opening).toBe(4400);
  expect(started.map(({ number }) => number)).toEqual([1, 2, 3]);
});

test('A start whose first worker ends before it listens fails, and starts no other', async () => {
  const { clock, supervisor, started, last } = createSupervisor(3);
  const opening = supervisor.start();
  last(1).ended('code 1');
  await expect(opening).rejects.toThrow('code 1');
  clock.pass(3_600_000);
  expect(started).toHaveLength(1);
});

test('A worker that ends is started again: each time after twice the wait, from 0.2 s to 30 s', async () => {
  const { clock, startsOf, last } = await createRunning(2);
  const waits: number[] = [];
  for (let round = 0; round < 12; round++) {
    const endedAt = clock.now();
    last(2).ended('SIGKILL');
    clock.pass(30_000);
    waits.push(last(2).at - endedAt);
  }
  expect(waits).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000, 30_000, 30_000]);
  expect(startsOf(1)).toHaveLength(1);
});

test('A worker that ends in an hour as often as it can is started at most 130 times', async () => {
  const { clock, startsOf, last } = await createRunning(2);
  for (let ms = 0; ms < 3_600_000; ms += 100) {
    const { ended, isOver } = last(2);
    if (!isOver()) ended('code 1');
    clock.pass(100);
  }
  expect(startsOf(2).length).toBeLessThan(130);
});

test('The wait is the first again after a worker has served for 30 s', async () => {
  const { clock, last } = await createRunning(2);
  for (let round = 0; round < 6; round++) {
    last(2).ended('code 1');
    clock.pass(30_000);
  }
  last(2).listening(4400);
  clock.pass(30_000);
  const endedAt = clock.now();
  last(2).ended('code 1');
  clock.pass(200);
  expect(last(2).at - endedAt).toBe(200);
});

test('A stop asks every worker once, starts none again, and is over when all have ended', async () => {
  const { clock, supervisor, started, last } = await createRunning(3);
  last(3).ended('code 1');
  let over = false;
  const stopping = supervisor.stop('SIGTERM').then(() => {
    over = true;
  });
  expect(last(1).asked).toEqual(['SIGTERM']);
  expect(last(2).asked).toEqual(['SIGTERM']);
  last(1).ended('code 0');
  clock.pass(60_000);
  await Promise.resolve();
  expect(over).toBe(false);
  last(2).ended('code 0');
  await stopping;
  expect(started).toHaveLength(3);
});

test('A stop while the first worker starts ends it', async () => {
  const { supervisor, started, last } = createSupervisor(3);
  void supervisor.start().catch(() => {});
  const stopping = supervisor.stop('SIGINT');
  expect(last(1).asked).toEqual(['SIGINT']);
  last(1).ended('code 0');
  await stopping;
  expect(started).toHaveLength(1);
});
