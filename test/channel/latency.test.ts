import { describe, expect, it } from 'vitest';
import { Latency } from '../../src/channel/latency.ts';

describe('Latency', () => {
  it('gives the quantiles of a period, and begins the next', () => {
    const latency = new Latency();
    for (let ms = 100; ms >= 1; ms--) latency.record(ms);
    expect(latency.take()).toEqual({ p50: 50, p99: 99 });
    expect(latency.take()).toBeNull();
    latency.record(7);
    expect(latency.take()).toEqual({ p50: 7, p99: 7 });
  });

  it('counts each of very many events', () => {
    const latency = new Latency();
    for (let i = 0; i < 50_000; i++) latency.record(i % 1_000);
    expect(latency.take()).toEqual({ p50: 499, p99: 989 });
  });
});
