import { bodyOf, only } from './body.ts';
import { reportAccess } from './outbox-row.ts';
import type { Trigger } from './trigger.ts';
import { sqlInt } from './value.ts';

const WRITES = ['ACCESS_TOUCHED'];
const USER = 'v_user_id';

/** A user's status or role changed. */
export const userChanged: Trigger = {
  piece: 'user_changed',
  table: 'users',
  event: 'UPDATE',
  writes: WRITES,
  reads: { users: ['id', 'status', 'role'] },
  body: bodyOf(
    { when: 'NOT (NEW.status <=> OLD.status AND NEW.role <=> OLD.role)' },
    reportAccess({ userId: sqlInt('NEW.id') }),
  ),
};

/** A user was deleted. */
export const userDeleted: Trigger = {
  piece: 'user_deleted',
  table: 'users',
  event: 'DELETE',
  writes: WRITES,
  reads: { users: ['id'] },
  body: bodyOf({}, reportAccess({ userId: sqlInt('OLD.id') })),
};

/** Fewer may listen to a contest: it became private or a draft, or has another creator. */
export const contestClosed: Trigger = {
  piece: 'contest_closed',
  table: 'contest',
  event: 'UPDATE',
  writes: WRITES,
  reads: { contest: ['id', 'is_public', 'status', 'created_by'] },
  body: bodyOf(
    {
      when: `(OLD.is_public AND NOT NEW.is_public) OR (NEW.status = 'DRAFT' AND NOT (OLD.status <=> 'DRAFT'))
 OR NOT (NEW.created_by <=> OLD.created_by)`,
    },
    reportAccess({ contestId: sqlInt('NEW.id') }),
  ),
};

/** A contest was deleted. */
export const contestDeleted: Trigger = {
  piece: 'contest_deleted',
  table: 'contest',
  event: 'DELETE',
  writes: WRITES,
  reads: { contest: ['id'] },
  body: bodyOf({}, reportAccess({ contestId: sqlInt('OLD.id') })),
};

/** A player left a contest, or was removed from it. */
export const participantRemoved: Trigger = {
  piece: 'participant_removed',
  table: 'contest_participant',
  event: 'DELETE',
  writes: WRITES,
  reads: { contest_participant: ['player_id'], player: ['id', 'user_id'] },
  body: bodyOf(
    { variables: [USER] },
    `SELECT MAX(p.user_id) INTO ${USER} FROM player p WHERE p.id = OLD.player_id;`,
    only(`${USER} IS NOT NULL`, reportAccess({ userId: sqlInt(USER) })),
  ),
};
