import { bodyOf, only } from './body.ts';
import { CONTEST_TITLE } from './lookup.ts';
import { tell, touchStandings } from './outbox-row.ts';
import type { Trigger } from './trigger.ts';
import { int, intFrom, oneOf, text } from './value.ts';

const STATUSES = ['DRAFT', 'UPCOMING', 'LIVE', 'ENDED', 'CANCELLED'];

const contestId = int('NEW.id');
const contestTitle = text(200, CONTEST_TITLE);
const newStatus = oneOf(STATUSES, 'NEW.status');
const isOtherStatus = 'NOT (NEW.status <=> OLD.status)';
const isOtherwiseFrozen = 'NOT (NEW.leaderboard_frozen <=> OLD.leaderboard_frozen)';

/**
 * A contest's status, its end, and whether its standings are frozen. Its times need no event: the contest clock reads
 * them. Who won is not known yet at the end: the platform writes the ranks after the status.
 */
export const contestUpdated: Trigger = {
  piece: 'contest_updated',
  table: 'contest',
  event: 'UPDATE',
  tells: ['CONTEST_STATUS', 'CONTEST_END', 'STANDINGS_TOUCHED'],
  reads: { contest: ['id', 'title', 'status', 'participant_count', 'leaderboard_frozen'] },
  body: bodyOf(
    { when: `${isOtherStatus} OR ${isOtherwiseFrozen}`, variables: [CONTEST_TITLE] },
    `SET ${CONTEST_TITLE} = NEW.title;`,
    only(
      `${isOtherStatus} AND ${newStatus} IS NOT NULL`,
      tell(
        'CONTEST_STATUS',
        { contestId, contestTitle, oldStatus: oneOf(STATUSES, 'OLD.status'), newStatus },
        ['contest-status', contestId, newStatus],
      ),
    ),
    only(
      `${isOtherStatus} AND NEW.status = 'ENDED'`,
      tell(
        'CONTEST_END',
        { contestId, contestTitle, participantCount: intFrom(0, 'NEW.participant_count') },
        ['contest-end', contestId],
      ),
    ),
    only(isOtherwiseFrozen, touchStandings(contestId)),
  ),
};
