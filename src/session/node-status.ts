import type { Hub } from '../channel/hub.ts';
import type { Latency } from '../channel/latency.ts';
import type { Queries } from '../db/database.ts';
import type { LogPublisher } from '../events/log-publisher.ts';
import type { EventInput } from '../protocol/event.ts';
import type { Streams } from '../stream/streams.ts';

export interface NodeStatusOptions {
  readonly database: Pick<Queries, 'query'>;
  readonly publisher: Pick<LogPublisher, 'publishInternal'>;
  readonly hub: Pick<Hub, 'delivered' | 'channels'>;
  readonly streams: Pick<Streams, 'size'>;
  readonly latency: Latency;
  readonly follower: { readonly position: number; readonly lag: number };
  readonly nodeId: string;
}

/** Max scopes named, those with the most streams. */
const MAX_SCOPES = 20;

/**
 * Makes a function that publishes NODE_STATUS for the period since its last call, if any stream of a node with a lease has
 * the scope `ops`.
 */
export function createNodeStatus(options: NodeStatusOptions): () => Promise<void> {
  const { database, publisher, hub, streams, latency, follower, nodeId } = options;
  let since = { at: performance.now(), position: follower.position, delivered: hub.delivered };

  async function hasSubscriber(): Promise<boolean> {
    const rows = await database.query(
      'SELECT 1 FROM node WHERE ops_streams > 0 AND expires_at > UTC_TIMESTAMP(3) LIMIT 1',
    );
    return rows.length > 0;
  }

  return async () => {
    const subscribed = await hasSubscriber();
    const now = { at: performance.now(), position: follower.position, delivered: hub.delivered };
    const before = since;
    since = now;
    const quantiles = latency.take();
    if (!subscribed) return;
    const status: EventInput<'NODE_STATUS'> = {
      nodeId,
      periodMs: Math.max(1, Math.round(now.at - before.at)),
      streams: streams.size,
      frames: Math.max(0, now.position - before.position),
      deliveries: now.delivered - before.delivered,
      latency: quantiles,
      lagRows: follower.lag,
      memoryBytes: process.memoryUsage.rss(),
      scopes: [...hub.channels()]
        .sort(([, a], [, b]) => b - a)
        .slice(0, MAX_SCOPES)
        .map(([scope, count]) => ({ scope, streams: count })),
    };
    await publisher.publishInternal('NODE_STATUS', status);
  };
}
