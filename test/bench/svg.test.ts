import { describe, expect, it } from 'vitest';
// @ts-expect-error benches are plain JavaScript without types
import { chartsOf } from '../../bench/compare/curves.mjs';
// @ts-expect-error benches are plain JavaScript without types
import { lineChart } from '../../bench/compare/svg.mjs';

const chart = {
  title: 'Deliveries < all & more',
  description: 'How many.',
  x: 'open streams',
  y: 'deliveries/s',
  series: [
    {
      name: 'service',
      points: [
        [100, 1_000],
        [10_000, 100_000],
      ],
    },
    { name: 'nchan', points: [[10_000, 100_000]] },
  ],
};

const numbersOf = (svg: string, pattern: RegExp) =>
  [...svg.matchAll(pattern)].map(([, value]) => Number(value));

describe('a line chart', () => {
  const svg: string = lineChart(chart);

  it('escapes texts, and needs nothing outside of the file', () => {
    expect(svg).toContain('<title>Deliveries &lt; all &amp; more</title>');
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|url\(|<script|@import/);
  });

  it('opens and closes every element', () => {
    const open = [...svg.matchAll(/<([a-z]+)(?: [^>]*)?(?<!\/)>/g)].map(([, name]) => name);
    const closed = [...svg.matchAll(/<\/([a-z]+)>/g)].map(([, name]) => name);
    expect(open.toSorted()).toEqual(closed.toSorted());
  });

  it('has colours for light and for dark', () => {
    expect(svg).toContain('@media (prefers-color-scheme:dark)');
  });

  it('draws each point inside of the axes, with equal factors equally far apart', () => {
    const xs = numbersOf(svg, /<circle class="d\d" cx="([\d.]+)"/g);
    const ys = numbersOf(svg, /<circle [^>]* cy="([\d.]+)"/g);
    expect(xs).toHaveLength(3);
    expect(Math.min(...xs)).toBeGreaterThanOrEqual(76);
    expect(Math.max(...xs)).toBeLessThanOrEqual(560);
    expect(ys[0]).toBeGreaterThan(ys[1] as number);
    const ticks = numbersOf(svg, /<text class="axis" x="([\d.]+)" y="360"/g);
    expect(ticks).toHaveLength(3);
    expect((ticks[1] as number) - (ticks[0] as number)).toBeCloseTo(
      (ticks[2] as number) - (ticks[1] as number),
      0,
    );
  });

  it('moves the names of lines that end at one place apart', () => {
    const ys = numbersOf(svg, /<text class="label" [^>]*y="([\d.]+)"/g);
    expect(Math.abs((ys[1] as number) - (ys[0] as number))).toBeGreaterThanOrEqual(17);
  });

  it('can be drawn of a single point, and not of none', () => {
    const points = [[1, 5]];
    expect(lineChart({ ...chart, series: [{ name: 'one', points }] })).not.toContain('NaN');
    expect(() => lineChart({ ...chart, series: [] })).toThrow(RangeError);
  });
});

describe('the charts of a run', () => {
  it('are those that it has points for, each line sorted by its dimension', () => {
    const point = (x: number, y: number) => ({ curve: 'resume', contender: 'service', x, y });
    const charts = chartsOf([point(100, 2), point(1, 0.5), point(10, 1)]);
    expect(charts.map(([file]: string[]) => file)).toEqual(['bench-resume.svg']);
    const xs = numbersOf(charts[0][1], /<circle class="d0" cx="([\d.]+)"/g);
    expect(xs).toEqual(xs.toSorted((one, other) => one - other));
  });
});
