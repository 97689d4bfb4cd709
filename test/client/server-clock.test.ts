import { describe, expect, it } from 'vitest';
import { ServerClock } from '../../src/client/server-clock.ts';

describe('The service’s time', () => {
  let wall = 0;
  let steady = 0;
  const pass = (ms: number) => {
    wall += ms;
    steady += ms;
  };
  const iso = (ms: number) => new Date(ms).toISOString();
  function begin(): ServerClock {
    wall = 1_700_000_000_000;
    steady = 5_000;
    return new ServerClock({
      now: () => wall,
      elapsed: () => steady,
      setTimeout: () => 0,
      clearTimeout: () => {},
    });
  }

  it('is the client’s own until the service has said what time it is', () => {
    expect(begin().now()).toBe(wall);
  });

  it('goes on evenly when the machine’s clock is corrected', () => {
    const clock = begin();
    clock.sample(iso(wall + 600_000), true);
    const said = clock.now();
    for (const correction of [600_000, -1_200_000, 86_400_000]) {
      wall += correction;
      expect(clock.now()).toBe(said);
    }
    pass(1_500);
    expect(clock.now()).toBe(said + 1_500);
  });

  it('takes of one connection’s samples the newest, however long they were on their way', () => {
    const clock = begin();
    clock.sample(iso(10_000), true);
    pass(60_000);
    clock.sample(iso(69_500), false);
    expect(clock.now()).toBe(70_000);
    pass(60_000);
    clock.sample(iso(131_000), false);
    expect(clock.now()).toBe(131_000);
  });

  it('follows a clock of the service that was set, also back, without a new connection', () => {
    const clock = begin();
    clock.sample(iso(1_000_000), true);
    pass(60_000);
    clock.sample(iso(460_000), false);
    expect(clock.now()).toBe(460_000);
    clock.sample(iso(1_060_000), false);
    expect(clock.now()).toBe(1_060_000);
  });
});
