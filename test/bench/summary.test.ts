import { describe, expect, it } from 'vitest';
// @ts-expect-error benches are plain JavaScript without types
import * as measured from '../../bench/compare/measurements.mjs';
// @ts-expect-error benches are plain JavaScript without types
import * as summary from '../../bench/compare/summary.mjs';
// @ts-expect-error benches are plain JavaScript without types
import { formatTable, formatValue } from '../../bench/compare/table.mjs';

const PUBLISH = 'publish, 64 connections';
const IDLE = '10,000 idle streams';
const machine = { cores: 2, node: '20.20.2', mariadb: '10.11.19', busyCores: 0.1, quiet: true };

const resultsOf = (values: object) => ({ machine, rounds: 3, values, curves: [] });
const rowOf = (rows: string[][], label: string) => rows.find(([first]) => first === label);

describe('a ratio', () => {
  it('is the median of the quotients within each round, not the quotient of the medians', () => {
    expect(measured.ratio([10, 200, 30], [10, 100, 15])).toBe(2);
    expect(measured.ratio([1, 100, 3], [1, 100, 30])).toBe(1);
  });

  it('leaves out rounds in which one of both is missing, and is undefined where no round has both', () => {
    expect(measured.ratio([4, null, 9, 1], [2, 1, null, 0])).toBe(2);
    expect(measured.ratio([null, 1], [1, null])).toBeUndefined();
  });
});

describe('the median', () => {
  it('is the middle value, or the mean of both in the middle', () => {
    expect(measured.median([9, 1, 5])).toBe(5);
    expect(measured.median([9, 1, 5, 6])).toBe(5.5);
    expect(measured.median([undefined, 3, null])).toBe(3);
    expect(measured.median([])).toBeUndefined();
  });
});

describe('measurements', () => {
  it('keep the value of each round in its place, without those that are undefined', () => {
    const measurements = new measured.Measurements();
    measurements.add(PUBLISH, 'service', 1, { perSecond: 10, p50: undefined });
    measurements.add(PUBLISH, 'service', 3, { perSecond: 30 });
    expect(JSON.parse(JSON.stringify(measurements)).values).toEqual({
      [PUBLISH]: { service: { perSecond: [10, null, 30] } },
    });
  });
});

describe('the table of targets', () => {
  const results = resultsOf({
    [PUBLISH]: {
      service: { perSecond: [4_000, 5_000, 6_000] },
      bare: { perSecond: [10_000, 10_000, 10_000] },
    },
    'publish, 1 connection': { service: { p50: [1.5], cpuMs: [0.4] } },
    [IDLE]: { service: { kibPerStream: [11.5] }, bare: { kibPerStream: [10] } },
  });

  it('compares with the peer where a target has one, and says whether the bound is kept', () => {
    const rows = summary.targetRows(results);
    expect(rowOf(rows, PUBLISH)).toEqual([
      PUBLISH,
      '5,000 events/s',
      '10,000',
      'bare',
      '0.5 ×',
      '≥ 0.5',
      'met',
    ]);
    expect(rowOf(rows, 'publish, 1 connection: p50')?.slice(4)).toEqual(['1.5', '≤ 1.2', 'missed']);
    expect(rowOf(rows, 'publish, 1 connection: CPU an event')?.at(-1)).toBe('met');
    expect(rowOf(rows, `${IDLE}: memory`)?.slice(3)).toEqual(['bare', '+1.5', '≤ 2', 'met']);
  });

  it('has no row for what was not measured, and no verdict where the peer is absent', () => {
    const alone = resultsOf({ '1,000 streams, saturated': { service: { perSecond: [1_000_000] } } });
    const rows = summary.targetRows(alone);
    expect(rows).toHaveLength(2);
    expect(rows[1].slice(4)).toEqual(['', '≥ 50', '']);
  });

  it('has the ratios of a stored run beside its own, also where that lacks some', () => {
    const stored = resultsOf({
      [PUBLISH]: { service: { perSecond: [3_000] }, bare: { perSecond: [10_000] } },
    });
    const rows = summary.targetRows(results, stored);
    expect(rowOf(rows, PUBLISH)?.at(-1)).toBe('0.3 ×');
    expect(rowOf(rows, 'publish, 1 connection: p50')?.at(-1)).toBe('');
  });
});

describe('the summary', () => {
  it('says whether other work ran beside it, and what each contender delivered', () => {
    const lines: string[] = [];
    const values = {
      '1,000 streams, saturated': {
        service: { perSecond: [1_000_000], cpuUs: [0.5] },
        nchan: { perSecond: [100_000], cpuUs: [9] },
      },
      '1,000 streams, 20 events/s': { nchan: { p50: [8.6], p99: [19], cpuUs: [11] } },
    };
    const beside = { ...resultsOf(values), machine: { ...machine, busyCores: 1.7, quiet: false } };
    summary.printSummary(beside, undefined, 90, (line: string) => lines.push(line));
    const text = lines.join('\n');
    expect(text).toContain('Other work kept 1.7 cores busy');
    expect(text).toMatch(/nchan +100,000 +10 × +9 +8\.6, 19 +11/);
  });
});

describe('a table', () => {
  it('lines its columns up, also where a row is short', () => {
    const rows = [['', 'ms', 'ratio'], ['service', '1.5', '0.5 ×'], ['bare']];
    expect(formatTable(rows)).toBe('          ms  ratio\nservice  1.5  0.5 ×\nbare');
  });

  it('writes numbers with three digits, and great ones whole', () => {
    expect([0.012_34, 1.5, 99.96, 1_234.5, 11_600_000].map(formatValue)).toEqual([
      '0.0123',
      '1.5',
      '100',
      '1,235',
      '11,600,000',
    ]);
  });
});
