import { formatCount, megabytes } from '../shared/numbers.ts';
import { type Nodes, type Sample, SPAN_MS, STEP_MS, sampleAt } from './samples.ts';

/** Metric of a node, as a plot shows it. */
export interface Measure {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly of: (sample: Sample) => number | undefined;
  /** Default: three digits. Counts have no decimals. */
  readonly format?: (value: number) => string;
  /** Aggregation over nodes. Each node reads the whole log, so `max` counts its rows once. */
  readonly aggregate: 'sum' | 'max';
  /** Min end of the scale, so that small values look small. */
  readonly minScale: number;
  /** Second series, drawn below the first. */
  readonly below?: { readonly title: string; readonly of: (sample: Sample) => number | undefined };
}

export const MEASURES: readonly Measure[] = [
  {
    name: 'streams',
    title: 'Streams',
    unit: '',
    of: (s) => s.streams,
    format: formatCount,
    aggregate: 'sum',
    minScale: 5,
  },
  { name: 'events', title: 'Events', unit: '/s', of: (s) => s.events, aggregate: 'max', minScale: 5 },
  {
    name: 'deliveries',
    title: 'Deliveries',
    unit: '/s',
    of: (s) => s.deliveries,
    aggregate: 'sum',
    minScale: 5,
  },
  {
    name: 'latency',
    title: 'Latency p99',
    unit: 'ms',
    of: (s) => s.p99,
    aggregate: 'max',
    minScale: 20,
    below: { title: 'p50', of: (s) => s.p50 },
  },
  {
    name: 'lag',
    title: 'Behind the log',
    unit: 'rows',
    of: (s) => s.lagRows,
    format: formatCount,
    aggregate: 'max',
    minScale: 5,
  },
  {
    name: 'memory',
    title: 'Memory',
    unit: 'MB',
    of: (s) => megabytes(s.memoryBytes),
    format: formatCount,
    aggregate: 'sum',
    minScale: 100,
  },
];

/** One value per moment, the oldest first; undefined where there is none. */
export type Series = readonly (number | undefined)[];

export const STEPS = SPAN_MS / STEP_MS;

/** The plotted moments, the newest last, in ms since 1970. */
export function momentsUntil(newest: number): readonly number[] {
  return Array.from({ length: STEPS + 1 }, (_, step) => newest - (STEPS - step) * STEP_MS);
}

export function nodeSeries(
  samples: readonly Sample[],
  moments: readonly number[],
  of: Measure['of'],
): Series {
  return moments.map((moment) => {
    const sample = sampleAt(samples, moment);
    return sample && of(sample);
  });
}

/** Aggregates the series of all nodes. */
export function aggregate(lines: readonly Series[], how: Measure['aggregate']): Series {
  return (lines[0] ?? []).map((_, step) => {
    const values = lines.map((line) => line[step]).filter((value) => value !== undefined);
    if (values.length === 0) return undefined;
    return how === 'sum' ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values);
  });
}

export interface Drawn {
  readonly total: Series;
  readonly below: Series | undefined;
  /** Series per node, where there are several. */
  readonly nodes: readonly (readonly [nodeId: string, line: Series])[];
}

/** Computes the series of a measure. */
export function draw(measure: Measure, nodes: Nodes, moments: readonly number[]): Drawn {
  const all = (of: Measure['of']) =>
    [...nodes].map(([id, samples]) => [id, nodeSeries(samples, moments, of)] as const);
  const lines = all(measure.of);
  return {
    total: aggregate(
      lines.map(([, line]) => line),
      measure.aggregate,
    ),
    below:
      measure.below &&
      aggregate(
        all(measure.below.of).map(([, line]) => line),
        measure.aggregate,
      ),
    nodes: lines.length > 1 ? lines : [],
  };
}

/** End of a scale that contains `max` and `min`: 1, 2 or 5 times a power of ten. */
export function scaleFor(most: number, least: number): number {
  const wanted = Math.max(most, least);
  const power = 10 ** Math.floor(Math.log10(wanted));
  return (([1, 2, 5, 10] as const).find((step) => step * power >= wanted) ?? 10) * power;
}
