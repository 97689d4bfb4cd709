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
  /** Undefined: the change exceeds an append. */
  readonly deltas: readonly LeaderboardDelta[] | undefined;
  /** Whether only admins may know of the change. */
  readonly hidden: boolean;
  /** What is published instead, where the change exceeds an append: readers load the leaderboard again. */
  readonly missed: { readonly head: LeaderboardHead; readonly delta: LeaderboardDelta };
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
  // Steps of a reveal may have taken what is shown further than what is real. A change for all has no shifts then.
  const from = of === 'real' ? version : of === 'shown' ? shownVersion : Math.min(version, shownVersion);
  const after = of === 'all' ? Math.max(version, shownVersion) : from;
  const deltas = deltasOf(change, { contestId, from, after, audience: of });
  const headAt = (next: number): LeaderboardHead => ({
    version: of === 'shown' ? version : next,
    shownVersion: of === 'real' ? shownVersion : next,
    frozen: frozen && of !== 'all',
  });
  // No reader is at the version before it.
  const missedAt = after + 2;
  return {
    contestId,
    head: headAt(deltas?.at(-1)?.version ?? missedAt),
    deltas,
    hidden: of === 'real',
    missed: { head: headAt(missedAt), delta: missedDelta(contestId, missedAt, change.total, of) },
  };
}

/**
 * Publishes a version: the head, the rows and their deltas in one transaction. Rows that exceed an append are written in a
 * transaction before it; their delta is right also when it is published late, or not at all. What only admins may know of is
 * stored for the next padded append.
 * @param first drafts before the deltas
 * @returns the head that was published
 * @throws Problem `superseded` when another node has published since `from`
 */
export async function publishVersion(
  { database, publisher }: RankChangePublisherOptions,
  { contestId, head, deltas, hidden, missed }: Publication,
  from: LeaderboardHead,
  rowGuards: readonly Precondition[],
  first: readonly EventDraft[] = [],
): Promise<LeaderboardHead> {
  const draftsOf = (all: readonly LeaderboardDelta[]) => [
    ...first,
    ...all.map((delta) => prepare('LEADERBOARD_UPDATE', delta, { internal: true })),
  ];
  if (deltas)
    try {
      const preconditions = [advanceHead(contestId, from, head), ...rowGuards];
      await publisher.publishUnits([{ drafts: draftsOf(deltas), preconditions, paced: hidden }]);
      return head;
    } catch (error) {
      // The database takes less at once; nothing of it was stored.
      if (!(error instanceof Problem && error.code === 'body-too-large')) throw error;
    }
  await database.transaction(async (tx) => {
    for (const { sql, expectedRows } of [advanceHead(contestId, from, missed.head), ...rowGuards]) {
      const { affectedRows } = await tx.execute(sql);
      if (expectedRows !== undefined && affectedRows !== expectedRows) throw new Problem('superseded');
    }
  });
  await publisher.publishUnits([{ drafts: draftsOf([missed.delta]), paced: hidden }]);
  return missed.head;
}
