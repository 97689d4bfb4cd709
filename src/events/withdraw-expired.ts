import { format } from 'mysql2';
import type { Queries } from '../db/database.ts';
import type { Precondition } from '../log/append-statement.ts';
import { countExpired, type ExpiredAnnouncement, listExpired } from '../platform/expired-announcements.ts';
import { Problem } from '../protocol/problem.ts';
import { truncate } from '../util/truncate.ts';
import type { EventDraft } from './draft.ts';
import type { LogPublisher } from './log-publisher.ts';
import { prepare } from './prepare.ts';

export interface WithdrawExpiredOptions {
  readonly database: Pick<Queries, 'query' | 'execute'>;
  readonly publisher: Pick<LogPublisher, 'publishUnits'>;
}

/** Max UTF-16 units of a title. */
const MAX_TITLE = 255;

/**
 * Leader task that withdraws the platform's announcements once their expiry has passed. The stored expiries are deleted in the
 * transaction that appends the withdrawals, which finds them as they were read: an announcement whose expiry was moved
 * meanwhile is not withdrawn.
 *
 * @throws the database's errors: nothing is lost, run it again
 */
export async function withdrawExpired({ database, publisher }: WithdrawExpiredOptions): Promise<void> {
  for (;;) {
    const { expired, stale } = await listExpired(database);
    if (expired.length + stale.length === 0) return;
    const dropped = [...stale];
    const withdrawals: Withdrawal[] = [];
    for (const { ids, ...announcement } of expired) {
      const draft = draftOf(announcement);
      if (draft) withdrawals.push({ ids, draft });
      else dropped.push(...ids);
    }
    const isComplete = await publishWithdrawals(publisher, withdrawals);
    if (dropped.length > 0)
      await database.execute('DELETE FROM announcement_expiry WHERE id IN (?)', [dropped]);
    if (!isComplete) return;
  }
}

interface Withdrawal {
  readonly ids: readonly number[];
  readonly draft: EventDraft;
}

/**
 * Publishes them at once, in halves where the database takes less at once, or each alone where another transaction has taken
 * or locked the expiry of one, or the platform has changed an announcement: that one is left.
 * @returns whether all were published
 */
async function publishWithdrawals(
  publisher: WithdrawExpiredOptions['publisher'],
  withdrawals: readonly Withdrawal[],
): Promise<boolean> {
  if (withdrawals.length === 0) return true;
  const preconditions = [deletionOf(withdrawals.flatMap(({ ids }) => ids))];
  try {
    await publisher.publishUnits([{ drafts: withdrawals.map(({ draft }) => draft), preconditions }]);
    return true;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.code === 'body-too-large' && withdrawals.length > 1) {
      const middle = withdrawals.length >> 1;
      const first = await publishWithdrawals(publisher, withdrawals.slice(0, middle));
      return (await publishWithdrawals(publisher, withdrawals.slice(middle))) && first;
    }
    if (error.code !== 'superseded') throw error;
  }
  if (withdrawals.length > 1) for (const one of withdrawals) await publishWithdrawals(publisher, [one]);
  return false;
}

/** @returns undefined where the platform's row is none that could have been published */
function draftOf({
  announcementId,
  title,
  contestId,
  role,
}: Omit<ExpiredAnnouncement, 'ids'>): EventDraft | undefined {
  try {
    return prepare('ANNOUNCEMENT_WITHDRAWN', {
      announcementId,
      ...(title ? { title: truncate(title, MAX_TITLE) } : {}),
      ...(contestId === null ? {} : { contestId }),
      ...(role === null ? {} : { role }),
    });
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

function deletionOf(ids: readonly number[]): Precondition {
  const rows = format("announcement_expiry FORCE INDEX (PRIMARY) WHERE id IN (?) AND written_as <> ''", [
    [...ids],
  ]);
  return {
    sql: `${countExpired(ids, '@expired')};DELETE announcement_expiry FROM ${rows} AND @expired = ${ids.length}`,
    expectedRows: ids.length,
    rows,
  };
}
