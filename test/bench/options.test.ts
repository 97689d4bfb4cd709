import { describe, expect, it } from 'vitest';
// @ts-expect-error benches are plain JavaScript without types
import { readOptions } from '../../bench/compare/options.mjs';
// @ts-expect-error benches are plain JavaScript without types
import { reportOf } from '../../bench/compare/report.mjs';
// @ts-expect-error benches are plain JavaScript without types
import { merge } from '../../bench/compare/stored.mjs';

const NAMES = ['publish', 'streams-1000', 'curves'];

describe('the options of the bench', () => {
  it('are by default those of a full run, which is stored', () => {
    expect(readOptions([], NAMES)).toEqual({
      quick: false,
      rounds: 5,
      scenarios: NAMES,
      complete: true,
      stores: true,
    });
  });

  it('store neither a quick run, nor a part of the scenarios unless asked to', () => {
    expect(readOptions(['--quick'], NAMES)).toMatchObject({ rounds: 1, complete: false, stores: false });
    expect(readOptions(['--quick', '--store'], NAMES)).toMatchObject({ stores: false });
    expect(readOptions(['--only', 'publish'], NAMES)).toMatchObject({ complete: false, stores: false });
    expect(readOptions(['--only', 'publish', '--store'], NAMES)).toMatchObject({ stores: true });
  });

  it('name a scenario that there is not, and take no number of rounds below 1', () => {
    expect(() => readOptions(['--only', 'publish,sleep'], NAMES)).toThrow(/^sleep is no scenario: publish, /);
    for (const rounds of ['0', '-1', 'many', '1.5'])
      expect(() => readOptions([`--rounds=${rounds}`], NAMES)).toThrow('--rounds');
  });
});

describe('a part of the scenarios', () => {
  const machine = { cores: 2, node: '20.20.2', mariadb: '10.11.19', busyCores: 0, quiet: true };
  const stored = {
    machine,
    rounds: 5,
    values: { a: { service: { p50: [1] } }, b: { service: { p50: [2] } } },
    curves: [{ curve: 'resume', contender: 'service', x: 1, y: 1 }],
  };

  it('replaces its own results among the stored ones, and curves only where it has some', () => {
    const merged = merge(stored, {
      ...stored,
      rounds: 1,
      values: { b: { service: { p50: [3] } } },
      curves: [],
    });
    expect(merged).toMatchObject({
      merged: true,
      rounds: 1,
      values: { a: { service: { p50: [1] } }, b: { service: { p50: [3] } } },
      curves: stored.curves,
    });
    expect(merge(undefined, { ...stored, curves: [] }).curves).toEqual([]);
  });

  it('is named in the page, with what failed', () => {
    const page = reportOf({ ...merge(undefined, stored), failures: ['others, round 1: reset'] }, [
      ['bench-resume.svg', 'Resume'],
    ]);
    expect(page).toContain('Merged from runs of a part of the scenarios each.');
    expect(page).toContain('Failed: others, round 1: reset.');
    expect(page).toContain('![Resume](bench-resume.svg)');
  });
});
