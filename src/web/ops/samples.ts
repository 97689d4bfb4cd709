import type { EventData, Notification } from '../../protocol/event.ts';

/** Metrics of one node over one period. */
export interface Sample {
  /** By the service's clock, ms since 1970. */
  readonly at: number;
  readonly streams: number;
  /** Rows of the log delivered, and deliveries to streams, per second. */
  readonly events: number;
  readonly deliveries: number;
  /** From commit to delivery, in ms; undefined where nothing was delivered. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  readonly lagRows: number;
  readonly memoryBytes: number;
  readonly scopes: EventData<'NODE_STATUS'>['scopes'];
}

/** Samples by node id, the oldest first. */
export type Nodes = ReadonlyMap<string, readonly Sample[]>;

/** Range of the plots, and distance of their steps, in ms. */
export const SPAN_MS = 300_000;
export const STEP_MS = 2_000;
/** Max age of a node's latest sample, in ms: nodes publish one every two seconds. */
export const FRESH_MS = 6_000;

export function sampleOf({ data, at }: Notification<'NODE_STATUS'>): Sample {
  const perSecond = 1_000 / data.periodMs;
  return {
    at: Date.parse(at),
    streams: data.streams,
    events: data.frames * perSecond,
    deliveries: data.deliveries * perSecond,
    p50: data.latency?.p50,
    p99: data.latency?.p99,
    lagRows: data.lagRows,
    memoryBytes: data.memoryBytes,
    scopes: data.scopes,
  };
}

/** Adds a sample. Removes samples that are too old, and nodes without samples. */
export function withSample(nodes: Nodes, nodeId: string, sample: Sample): Nodes {
  const oldest = sample.at - SPAN_MS - FRESH_MS;
  const next = new Map<string, readonly Sample[]>();
  for (const [id, samples] of new Map([...nodes, [nodeId, [...(nodes.get(nodeId) ?? []), sample]]])) {
    const kept = samples.filter(({ at }) => at >= oldest);
    if (kept.length > 0) next.set(id, kept);
  }
  return next;
}

/** A node's latest sample at a moment; undefined if it is too old. */
export function sampleAt(samples: readonly Sample[], moment: number): Sample | undefined {
  const found = samples.findLast(({ at }) => at <= moment);
  return found !== undefined && found.at > moment - FRESH_MS ? found : undefined;
}

/** Number of streams per scope over all current nodes, the most first. */
export function busiest(
  nodes: Nodes,
  moment: number,
): readonly (readonly [scope: string, streams: number])[] {
  const sums = new Map<string, number>();
  for (const samples of nodes.values())
    for (const { scope, streams } of sampleAt(samples, moment)?.scopes ?? [])
      sums.set(scope, (sums.get(scope) ?? 0) + streams);
  return [...sums].sort(([a, m], [b, n]) => n - m || a.localeCompare(b));
}
