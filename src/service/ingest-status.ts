import { once } from 'node:events';
import { createServer } from 'node:http';
import { Counter, Gauge, Registry } from 'prom-client';
import type { Ingest, IngestStats } from '../events/ingest/ingest.ts';
import { collectProcessMetrics } from '../http/process-metrics.ts';
import { ListenError } from './listen-error.ts';
import type { Part } from './parts.ts';

export interface IngestStatusDeps {
  /** Undefined: nothing listens. 0: any free one. */
  readonly port: number | undefined;
  readonly host: string;
  readonly ingest: Pick<Ingest, 'stats' | 'backlog'>;
  readonly state: { readonly redis: boolean; readonly database: boolean };
}

const COUNTERS: readonly (readonly [string, string, keyof IngestStats])[] = [
  ['live_ingest_published_total', 'Events published from the stream', 'published'],
  ['live_ingest_duplicates_total', 'Entries whose event was published before', 'duplicates'],
  ['live_ingest_dead_letters_total', 'Entries that cannot be published', 'deadLetters'],
  ['live_ingest_deleted_total', 'Entries deleted from the stream before they were read', 'deleted'],
];

/** Serves `/metrics` and `/ready` of an ingesting process. @throws ListenError when the port cannot be had */
export async function openIngestStatus({ host, port, ingest, state }: IngestStatusDeps): Promise<Part> {
  if (port === undefined) return {};
  const registry = new Registry();
  const registers = [registry];
  collectProcessMetrics(registry);
  for (const [name, help, key] of COUNTERS) {
    let counted = 0;
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.inc(ingest.stats[key] - counted);
        counted = ingest.stats[key];
      },
    });
  }
  for (const key of ['waiting', 'pending'] as const)
    new Gauge({
      name: `live_ingest_${key}`,
      help: key === 'waiting' ? 'Entries that no consumer has read' : 'Entries that are not acknowledged yet',
      registers,
      async collect() {
        const backlog = await ingest.backlog();
        if (backlog) this.set(backlog[key]);
        else this.remove();
      },
    });
  for (const key of ['redis', 'database'] as const)
    new Gauge({
      name: `live_ingest_${key}_up`,
      help: key === 'redis' ? 'Whether the stream can be read' : 'Whether events can be committed',
      registers,
      collect() {
        this.set(state[key] ? 1 : 0);
      },
    });
  const server = createServer(async (request, response) => {
    if (request.url === '/metrics')
      return response.writeHead(200, { 'content-type': registry.contentType }).end(await registry.metrics());
    if (request.url !== '/ready') return response.writeHead(404).end();
    const { redis, database } = state;
    const ready = redis && database;
    response
      .writeHead(ready ? 200 : 503, { 'content-type': 'application/json', 'cache-control': 'no-store' })
      .end(
        JSON.stringify({
          ready,
          checks: { redis: redis ? 'ok' : 'down', database: database ? 'ok' : 'down' },
        }),
      );
  });
  try {
    await once(server.listen(port, host), 'listening');
  } catch (error) {
    throw new ListenError({ host, port }, error as Error);
  }
  return {
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
