import { describe, expect, it } from 'vitest';
import { Latency } from '../../src/channel/latency.ts';

describe('Latency', () => {
  it('gives the quantiles of a period, and begins the next', () => {
    const latency = new Latency();
    for (let ms = 100; ms >= 1; ms--) latency.record(ms);
    expect(latency.take()).toEqual({ p50: 51, p99: 100 });
    expect(latency.take()).toBeNull();
    latency.record(7);
    expect(latency.take()).toEqual({ p50: 7, p99: 7 });
  });

  it('keeps a fair part of very many', () => {
    const latency = new Latency();
    for (let i = 0; i < 50_000; i++) latency.record(i % 1_000);
    const { p50, p99 } = latency.take() ?? { p50: 0, p99: 0 };
    expect(p50).toBeGreaterThan(400);
    expect(p50).toBeLessThan(600);
    expect(p99).toBeGreaterThan(950);
  });
});
