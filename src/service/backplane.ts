import type { Logger } from 'pino';
import { Hints } from '../backplane/hints.ts';
import { RedisBackplane } from '../backplane/redis.ts';
import type { Part } from './parts.ts';

export interface BackplaneDeps {
  /** Undefined: no backplane, and hints go nowhere. */
  readonly url: string | undefined;
  /** Name of the database. */
  readonly database: string;
  readonly nodeId: string;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

export interface OpenBackplane extends Part {
  readonly hints: Hints;
}

/** Opens the hints between the nodes of a database. Does not wait for Redis. */
export function openBackplane({ url, database, nodeId, logger }: BackplaneDeps): OpenBackplane {
  const hints = new Hints(nodeId);
  if (url === undefined) return { hints };
  const backplane = new RedisBackplane({
    url,
    channel: `codecraft-live:${database}`,
    onMessage: (message) => hints.receive(message),
    onStatus: (status, why) => {
      if (status === 'up') logger.info('Redis is up: nodes hint at their commits');
      else logger.warn(`Redis is down (${why}): nodes find the events of others by polling`);
    },
  });
  hints.connect(backplane);
  return { hints, close: () => backplane.close() };
}
