import { formatCount, megabytes } from '../tools/numbers.ts';
import { type Nodes, type Sample, SPAN_MS, STEP_MS, sampleAt } from './samples.ts';

/** Something that is measured on each node. */
export interface Measure {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly of: (sample: Sample) => number | undefined;
  /** Default: a decimal where there is room for one. What is counted has none. */
  readonly format?: (value: number) => string;
  /** How all nodes' values become one. Every node reads the whole log, so its rows are counted once. */
  readonly together: 'sum' | 'most';
  /** The scale reaches at least so far: little is not made to look like much. */
  readonly leastScale: number;
  /** A second line that is drawn below the first. */
  readonly below?: { readonly title: string; readonly of: (sample: Sample) => number | undefined };
}

export const MEASURES: readonly Measure[] = [
  {
    name: 'streams',
    title: 'Streams',
    unit: '',
    of: (s) => s.streams,
    format: formatCount,
    together: 'sum',
    leastScale: 5,
  },
  { name: 'events', title: 'Events', unit: '/s', of: (s) => s.events, together: 'most', leastScale: 5 },
  {
    name: 'deliveries',
    title: 'Deliveries',
    unit: '/s',
    of: (s) => s.deliveries,
    together: 'sum',
    leastScale: 5,
  },
  {
    name: 'latency',
    title: 'Latency p99',
    unit: 'ms',
    of: (s) => s.p99,
    together: 'most',
    leastScale: 20,
    below: { title: 'p50', of: (s) => s.p50 },
  },
  {
    name: 'lag',
    title: 'Behind the log',
    unit: 'rows',
    of: (s) => s.lagRows,
    format: formatCount,
    together: 'most',
    leastScale: 5,
  },
  {
    name: 'memory',
    title: 'Memory',
    unit: 'MB',
    of: (s) => megabytes(s.memoryBytes),
    format: formatCount,
    together: 'sum',
    leastScale: 100,
  },
];

/** One value per moment, the oldest first; undefined where none is known. */
export type Line = readonly (number | undefined)[];

export const STEPS = SPAN_MS / STEP_MS;

/** The moments that are shown, the newest last, in ms since 1970. */
export function momentsUntil(newest: number): readonly number[] {
  return Array.from({ length: STEPS + 1 }, (_, step) => newest - (STEPS - step) * STEP_MS);
}

export function nodeLine(samples: readonly Sample[], moments: readonly number[], of: Measure['of']): Line {
  return moments.map((moment) => {
    const sample = sampleAt(samples, moment);
    return sample && of(sample);
  });
}

/** All nodes' lines as one. */
export function together(lines: readonly Line[], how: Measure['together']): Line {
  return (lines[0] ?? []).map((_, step) => {
    const values = lines.map((line) => line[step]).filter((value) => value !== undefined);
    if (values.length === 0) return undefined;
    return how === 'sum' ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values);
  });
}

export interface Drawn {
  readonly total: Line;
  readonly below: Line | undefined;
  /** Each node's own, where there is more than one. */
  readonly nodes: readonly (readonly [nodeId: string, line: Line])[];
}

/** What is drawn of a measure. */
export function draw(measure: Measure, nodes: Nodes, moments: readonly number[]): Drawn {
  const all = (of: Measure['of']) =>
    [...nodes].map(([id, samples]) => [id, nodeLine(samples, moments, of)] as const);
  const lines = all(measure.of);
  return {
    total: together(
      lines.map(([, line]) => line),
      measure.together,
    ),
    below:
      measure.below &&
      together(
        all(measure.below.of).map(([, line]) => line),
        measure.together,
      ),
    nodes: lines.length > 1 ? lines : [],
  };
}

/** The end of a scale that holds `most`: 1, 2 or 5 times a power of ten. */
export function scaleFor(most: number, least: number): number {
  const wanted = Math.max(most, least);
  const power = 10 ** Math.floor(Math.log10(wanted));
  return (([1, 2, 5, 10] as const).find((step) => step * power >= wanted) ?? 10) * power;
}
