import type { Logger } from 'pino';
import { Hints, MAX_COMMITS_LENGTH } from '../backplane/hints.ts';
import { RedisBackplane } from '../backplane/redis.ts';
import { Signature } from '../backplane/signature.ts';
import type { Follower } from '../log/follower.ts';
import type { LogRow } from '../log/row.ts';
import { decodeCommit, encodeCommit } from '../log/shared-commit.ts';
import type { AppendProof } from '../log/source.ts';
import { ForeignMessages } from './foreign-messages.ts';
import type { Part } from './parts.ts';

export interface BackplaneDeps {
  /** Undefined: no backplane, and hints go nowhere. */
  readonly url: string | undefined;
  /** Name of the database. */
  readonly database: string;
  readonly nodeId: string;
  /** Key that the nodes of a cluster share. */
  readonly key: Uint8Array;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

export interface OpenBackplane extends Part {
  readonly hints: Hints;
  /** Sends a commit of this process to the other nodes, or a hint at it. */
  readonly onAppended: (rows: readonly LogRow[], proof: AppendProof | undefined) => void;
  /** Passes what other nodes committed to the follower. */
  readonly feed: (follower: Pick<Follower, 'receive'>) => void;
  /** What is wrong with the broker at present, a sentence each. */
  readonly warnings: () => string[];
}

const DOWN = 'Redis is down: nodes find the events of others by polling.';

/** Opens the hints between the nodes of a database. Does not wait for Redis. */
export function openBackplane({ url, database, nodeId, key, logger }: BackplaneDeps): OpenBackplane {
  const channel = `codecraft-live:${database}`;
  const hints = new Hints(nodeId, new Signature(key, channel));
  const parts = {
    hints,
    onAppended(rows: readonly LogRow[], proof: AppendProof | undefined) {
      const last = rows.at(-1);
      if (!last) return;
      const commits = hints.carriesCommits ? encodeCommit({ rows, proof }, MAX_COMMITS_LENGTH) : [];
      hints.sendAppended(last.id, commits);
    },
    feed(follower: Pick<Follower, 'receive'>) {
      hints.on({
        appended: (head, commits) =>
          follower.receive(
            head,
            commits.flatMap((commit) => decodeCommit(commit) ?? []),
          ),
      });
    },
  };
  if (url === undefined) return { ...parts, warnings: () => [] };
  const foreign = new ForeignMessages(channel, hints, logger);
  const backplane = new RedisBackplane({
    url,
    channel,
    onMessage: (message) => {
      hints.receive(message);
      foreign.observe();
    },
    onStatus: (status, why) => {
      if (status === 'up') logger.info('Redis is up: nodes send each other what they commit');
      else logger.warn(`Redis is down (${why}): nodes find the events of others by polling`);
    },
  });
  hints.connect(backplane);
  return {
    ...parts,
    warnings: () => [...(hints.status === 'down' ? [DOWN] : []), ...foreign.warnings],
    close: () => backplane.close(),
  };
}
