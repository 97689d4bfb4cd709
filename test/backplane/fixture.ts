import { pino } from 'pino';
import type { Backplane } from '../../src/backplane/backplane.ts';
import type { Database } from '../../src/db/database.ts';
import type { Appender } from '../../src/log/appender.ts';
import { openBackplane } from '../../src/service/backplane.ts';
import { type Followed, follow, openAppender } from '../support/database/log.ts';

/** A message on its way. */
export interface Sent {
  readonly from: number;
  readonly text: string;
}

/** A node as far as the log goes, with a broker that the test plays. */
export interface ClusterNode extends Followed {
  readonly appender: Appender;
  /** Takes a message of the broker. */
  readonly receive: (text: string) => void;
  /** Queries that its follower sent so far. */
  readonly queries: () => number;
  readonly warnings: () => string[];
}

export interface Cluster {
  readonly nodes: readonly ClusterNode[];
  close(): Promise<void>;
}

/**
 * Nodes over one database.
 * @param broker takes each message that a node publishes
 * @param pollMs poll intervals; left out: the service's own where hints arrive
 */
export async function openCluster(
  database: Database,
  size: number,
  broker: (sent: Sent) => void,
  { pollMs, keys = [] }: { pollMs?: { busy: number; idle: number }; keys?: readonly string[] } = {},
): Promise<Cluster> {
  const nodes: ClusterNode[] = [];
  for (let index = 0; index < size; index++) {
    const backplane = openBackplane({
      url: undefined,
      database: database.name,
      nodeId: `node ${index}`,
      key: Buffer.from(keys[index] ?? 'shared'),
      logger: pino({ level: 'silent' }),
    });
    const link: Backplane = {
      status: 'up',
      publish: async (text) => broker({ from: index, text }),
      close: async () => {},
    };
    backplane.hints.connect(link);
    let queries = 0;
    const followed = await follow(database, {
      ...(pollMs ? { pollMs } : { pollMs: { busy: 5, idle: 50 } }),
      hinted: () => true,
      connect: async () => {
        const connection = await database.connect();
        const query = connection.query.bind(connection);
        connection.query = ((...given: Parameters<typeof query>) => {
          queries++;
          return query(...given);
        }) as typeof connection.query;
        return connection;
      },
    });
    const { follower } = followed;
    backplane.feed(follower);
    const appender = openAppender(database, {
      onCommitted: (rows, proof) => {
        follower.offer(rows, proof);
        backplane.onAppended(rows, proof);
      },
      verifier: follower,
    });
    nodes.push({
      ...followed,
      appender,
      receive: (text) => backplane.hints.receive(text),
      queries: () => queries,
      warnings: backplane.warnings,
    });
  }
  return {
    nodes,
    async close() {
      for (const { appender, follower } of nodes) {
        await appender.close();
        await follower.close();
      }
    },
  };
}
