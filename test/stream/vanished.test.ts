import { expect, test } from 'vitest';
import type { Retransmission } from '../../src/stream/tcp-table.ts';
import { VanishedPeers } from '../../src/stream/vanished.ts';

function start() {
  const state = {
    now: 0,
    reads: 0,
    segments: 0 as number | undefined,
    table: [] as Retransmission[] | undefined,
  };
  const cut: string[] = [];
  const streams = ['one', 'two', undefined].map((endpoints) => ({
    endpoints,
    cut: () => cut.push(String(endpoints)),
  }));
  const peers = new VanishedPeers({
    streams,
    maxMs: 20_000,
    read: async () => {
      state.reads += 1;
      return state.table;
    },
    readSegments: () => state.segments,
    now: () => state.now,
  });
  const check = (afterMs: number, ...table: Retransmission[]) => {
    state.now += afterMs;
    state.table = table;
    return peers.check();
  };
  return { check, cut, state, peers };
}

test('a stream whose peer acknowledges nothing for the time is cut, and no other', async () => {
  const { check, cut } = start();
  for (const count of [1, 4, 6, 7])
    expect(await check(5_000, { endpoints: 'one', count }, { endpoints: 'other', count })).toBe(0);
  expect(await check(5_000, { endpoints: 'one', count: 7 }, { endpoints: 'two', count: 1 })).toBe(1);
  expect(cut).toEqual(['one']);
});

test('a peer that acknowledges in between begins anew, also where it is silent again at the next check', async () => {
  const { check, cut } = start();
  await check(0, { endpoints: 'one', count: 5 }, { endpoints: 'two', count: 5 });
  await check(15_000, { endpoints: 'one', count: 2 });
  await check(15_000, { endpoints: 'one', count: 6 }, { endpoints: 'two', count: 9 });
  expect(cut).toEqual([]);
  await check(5_000, { endpoints: 'one', count: 7 }, { endpoints: 'two', count: 9 });
  expect(cut).toEqual(['one']);
});

test('without the tables nothing is cut', async () => {
  const { state, peers, cut } = start();
  state.table = undefined;
  expect(await peers.check()).toBe(0);
  expect(cut).toEqual([]);
});

test('the tables are not read while no segment is retransmitted and no peer is silent', async () => {
  const { check, state, cut } = start();
  for (let checks = 0; checks < 5; checks++) await check(5_000);
  expect(state.reads).toBe(1);
  state.segments = 1;
  await check(5_000, { endpoints: 'one', count: 1 });
  // The pauses between two attempts grow beyond the interval of the checks.
  for (let checks = 0; checks < 4; checks++) await check(5_000, { endpoints: 'one', count: 2 });
  expect(state.reads).toBe(6);
  expect(cut).toEqual(['one']);
});

test('the tables are read after a minute all the same, and always where segments are not counted', async () => {
  const { check, state, cut } = start();
  for (let checks = 0; checks <= 12; checks++) await check(5_000);
  expect(state.reads).toBe(2);
  for (let checks = 0; checks < 16; checks++) await check(5_000, { endpoints: 'two', count: 3 });
  expect(cut).toEqual(['two']);
  state.segments = undefined;
  const before = state.reads;
  await check(5_000);
  await check(5_000);
  expect(state.reads).toBe(before + 2);
});
