import type { Audience } from '../leaderboard/stored-leaderboard.ts';
import type { Terms } from '../log/terms.ts';
import { Problem } from '../protocol/problem.ts';
import type { createReach } from '../stream/resolve-plan.ts';
import type { ContestFeed } from './contest-feed.ts';
import type { SnapshotForm } from './feed-snapshots.ts';
import { parseToken } from './feed-token.ts';

/** Where a feed begins for a client: with everything, in one of two forms, or with the changes since a cursor of the log. */
export type FeedStart = SnapshotForm | { readonly after: number; readonly term: string };

export interface ResumeDeps {
  readonly reach: ReturnType<typeof createReach>;
  readonly terms: () => Terms;
}

/**
 * Prepares where a feed begins for a client with this token, before the contest is read: waits for what another node has sent.
 * The result decides it by the contest as it was read.
 *
 * A client with a token may have more than what was committed before it. It is sent the changes since only where all of that is
 * certain to be in this log: where the log has gone on in the token's own term, and for the audience that the token names.
 *
 * @throws Problem `invalid-query` unless it is a cursor of this log; `overloaded` when the log is not read in time
 */
export async function prepareResume(
  token: string | undefined,
  audience: Audience,
  { reach, terms }: ResumeDeps,
): Promise<(feed: Pick<ContestFeed, 'head' | 'term'>) => FeedStart> {
  if (token === undefined) return () => 'lines';
  const parsed = parseToken(token);
  if (!parsed) throw invalidToken();
  const { cursor } = parsed;
  await reach(parsed.text);
  return (feed) => {
    if (!terms().judge(cursor, feed.head).valid) throw invalidToken();
    const isCertain = parsed.audience === audience && cursor.term === feed.term;
    return isCertain ? { after: cursor.id, term: cursor.term } : 'collections';
  };
}

function invalidToken(): Problem {
  const detail = 'is not a token of this service, or of a log that was replaced';
  return new Problem('invalid-query', {
    detail: `The value of since_token ${detail}. Without it, the feed begins anew.`,
    errors: [{ pointer: '/since_token', detail }],
  });
}
