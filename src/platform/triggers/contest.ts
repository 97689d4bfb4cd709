import { CONTEST_STATUSES } from '../../protocol/enums.ts';
import { bodyOf, only } from './body.ts';
import { FREEZES, recordFreezeChange, STORES_FREEZE } from './freeze.ts';
import { CONTEST_TITLE } from './lookup.ts';
import { markDirty, publishEvent } from './outbox-row.ts';
import type { Trigger } from './trigger.ts';
import { sqlInt, sqlIntFrom, sqlOneOf, sqlText } from './value.ts';

const contestId = sqlInt('NEW.id');
const contestTitle = sqlText(200, CONTEST_TITLE);
const newStatus = sqlOneOf(CONTEST_STATUSES, 'NEW.status');
const statusChanged = 'NOT (NEW.status <=> OLD.status)';
const freezeChanged = 'NOT (NEW.leaderboard_frozen <=> OLD.leaderboard_frozen)';

/**
 * Status, end and freeze of a contest. Changed times need no event: the contest clock polls them. The end has no winners,
 * since the platform writes the ranks after the status.
 */
export const contestUpdated: Trigger = {
  piece: 'contest_updated',
  table: 'contest',
  event: 'UPDATE',
  writes: ['CONTEST_STATUS', 'CONTEST_END', 'STANDINGS_TOUCHED'],
  stores: STORES_FREEZE,
  reads: { contest: ['id', 'title', 'status', 'participant_count', 'leaderboard_frozen'], ...FREEZES },
  body: bodyOf(
    { when: `${statusChanged} OR ${freezeChanged}`, variables: [CONTEST_TITLE] },
    `SET ${CONTEST_TITLE} = NEW.title;`,
    only(
      `${statusChanged} AND ${newStatus} IS NOT NULL`,
      publishEvent(
        'CONTEST_STATUS',
        { contestId, contestTitle, oldStatus: sqlOneOf(CONTEST_STATUSES, 'OLD.status'), newStatus },
        ['contest-status', contestId, newStatus],
      ),
    ),
    only(
      `${statusChanged} AND NEW.status = 'ENDED'`,
      publishEvent(
        'CONTEST_END',
        { contestId, contestTitle, participantCount: sqlIntFrom(0, 'NEW.participant_count') },
        ['contest-end', contestId],
      ),
    ),
    only(freezeChanged, recordFreezeChange(contestId), markDirty(contestId)),
  ),
};
