import type { EventData, Notification } from '../../protocol/event.ts';

/** How one node did over a short while. */
export interface Sample {
  /** When it said so, by the service's clock, ms since 1970. */
  readonly at: number;
  readonly streams: number;
  /** Rows of the log handed on, and how often one was handed to a stream; per second. */
  readonly events: number;
  readonly deliveries: number;
  /** From commit to hand-over, in ms; undefined where there was nothing to hand over. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  readonly lagRows: number;
  readonly memoryBytes: number;
  readonly scopes: EventData<'NODE_STATUS'>['scopes'];
}

/** Each node's samples, the oldest first. */
export type Nodes = ReadonlyMap<string, readonly Sample[]>;

/** How far back is shown, and how finely; in ms. */
export const SPAN_MS = 300_000;
export const STEP_MS = 2_000;
/** A node speaks every two seconds; when it has been silent for longer than this, it is not counted. Milliseconds. */
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

/** With one more; what is too old to be shown goes, and with its last sample a node. */
export function withSample(nodes: Nodes, nodeId: string, sample: Sample): Nodes {
  const oldest = sample.at - SPAN_MS - FRESH_MS;
  const next = new Map<string, readonly Sample[]>();
  for (const [id, samples] of new Map([...nodes, [nodeId, [...(nodes.get(nodeId) ?? []), sample]]])) {
    const kept = samples.filter(({ at }) => at >= oldest);
    if (kept.length > 0) next.set(id, kept);
  }
  return next;
}

/** What a node said last before a moment, unless that is too long ago. */
export function sampleAt(samples: readonly Sample[], moment: number): Sample | undefined {
  const found = samples.findLast(({ at }) => at <= moment);
  return found !== undefined && found.at > moment - FRESH_MS ? found : undefined;
}

/** The scopes with the most streams on all nodes that speak. */
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
