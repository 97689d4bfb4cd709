import type { EventDraft } from '../events/draft.ts';
import { prepare } from '../events/prepare.ts';
import type { Precondition } from '../log/append-statement.ts';
import type { LeaderboardDelta } from '../protocol/leaderboard.ts';
import { Problem } from '../protocol/problem.ts';
import { type DeltaAudience, deltasOf, missedDelta } from './deltas.ts';
import type { RankChangePublisherOptions } from './rank-change-publisher.ts';
import { advanceHead } from './row-statements.ts';
import type { Step } from './step.ts';
import type { LeaderboardHead } from './stored-leaderboard.ts';

/** New version of a leaderboard, ready to be published. */
export interface Publication {
  readonly contestId: number;
  readonly head: LeaderboardHead;
  readonly deltas: readonly LeaderboardDelta[];
  /** Whether only admins may know of the change. */
  readonly hidden: boolean;
  /** Whether the change exceeds an append: the only delta then makes readers load the leaderboard again. */
  readonly oversized: boolean;
}

/**
 * Turns a change of a leaderboard at `head` into its next version. While it is frozen, what admins and what players see have
 * versions of their own; the one that ends the freeze is above both.
 *
 * @param of whose rows change; `all`: everybody's, which ends a freeze
 */
export function publicationOf(
  change: Omit<Step, 'order'> & { readonly total: number },
  contestId: number,
  { version, shownVersion, frozen }: LeaderboardHead,
  of: DeltaAudience,
): Publication {
  const from = of === 'real' ? version : shownVersion;
  const after = of === 'all' ? Math.max(version, shownVersion) : from;
  const deltas = deltasOf(change, { contestId, from, after, audience: of });
  const next = deltas?.at(-1)?.version ?? after + 2;
  return {
    contestId,
    head: {
      version: of === 'shown' ? version : next,
      shownVersion: of === 'real' ? shownVersion : next,
      frozen: frozen && of !== 'all',
    },
    hidden: of === 'real',
    deltas: deltas ?? [missedDelta(contestId, next, change.total, of)],
    oversized: deltas === undefined,
  };
}

/**
 * Publishes a version: the head, the rows and their deltas in one transaction. Rows that exceed an append are written in a
 * transaction before it; their delta is right also when it is published late, or not at all. What only admins may know of is
 * stored for the next padded append.
 * @param first drafts before the deltas
 * @throws Problem `superseded` when another node has published since `from`
 */
export async function publishVersion(
  { database, publisher }: RankChangePublisherOptions,
  { contestId, head, deltas, hidden, oversized }: Publication,
  from: LeaderboardHead,
  rowGuards: readonly Precondition[],
  first: readonly EventDraft[] = [],
): Promise<void> {
  const guards = [advanceHead(contestId, from, head), ...rowGuards];
  const drafts = [
    ...first,
    ...deltas.map((delta) => prepare('LEADERBOARD_UPDATE', delta, { internal: true })),
  ];
  if (!oversized)
    return void (await publisher.publishUnits([{ drafts, preconditions: guards, paced: hidden }]));
  await database.transaction(async (tx) => {
    for (const { sql, expectedRows } of guards) {
      const { affectedRows } = await tx.execute(sql);
      if (expectedRows !== undefined && affectedRows !== expectedRows) throw new Problem('superseded');
    }
  });
  await publisher.publishUnits([{ drafts, paced: hidden }]);
}
