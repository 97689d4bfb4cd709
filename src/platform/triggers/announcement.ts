import { SEVERITIES } from '../../protocol/enums.ts';
import { bodyOf, only } from './body.ts';
import { publishEvent } from './outbox-row.ts';
import type { Trigger } from './trigger.ts';
import { sqlInt, sqlOneOf, sqlText } from './value.ts';

const TITLE = 'v_title';
const MESSAGE = 'v_message';

const announcementId = sqlInt('NEW.id');

/**
 * SQL: whether an announcement is for all users or for players. The scope `global` reaches every signed-in user, so an
 * announcement to another role, or to an unknown one, is not published.
 */
const isForPlayers = "(NEW.target_role IS NULL OR NEW.target_role IN ('', 'ALL', 'PLAYER'))";

const common = {
  table: 'announcement',
  writes: ['ANNOUNCEMENT'],
  reads: {
    announcement: ['id', 'title', 'message', 'type', 'target_role', 'target_contest', 'is_active'],
  },
} as const;

/** Title and message replace each other where one is missing. */
const publishIf = (when: string) =>
  bodyOf(
    { when: `${when} AND ${isForPlayers}`, variables: [TITLE, MESSAGE] },
    `SET ${TITLE} = NEW.title;`,
    `SET ${MESSAGE} = NEW.message;`,
    only(
      `CHAR_LENGTH(COALESCE(${TITLE}, '')) + CHAR_LENGTH(COALESCE(${MESSAGE}, '')) > 0`,
      publishEvent(
        'ANNOUNCEMENT',
        {
          announcementId,
          title: `COALESCE(${sqlText(255, TITLE)}, ${sqlText(255, MESSAGE)})`,
          message: `COALESCE(${sqlText(10_000, MESSAGE)}, ${sqlText(10_000, TITLE)})`,
          severity: sqlOneOf(SEVERITIES, 'NEW.type'),
          contestId: sqlInt('NEW.target_contest'),
        },
        ['announcement', announcementId],
      ),
    ),
  );

/** Announcement that is inserted as active. */
export const announcementMade: Trigger = {
  ...common,
  piece: 'announcement_made',
  event: 'INSERT',
  body: publishIf('NEW.is_active IS TRUE'),
};

/** Announcement that becomes active later. Deactivated and activated again, it has the same natural key. */
export const announcementActivated: Trigger = {
  ...common,
  piece: 'announcement_activated',
  event: 'UPDATE',
  body: publishIf('NEW.is_active IS TRUE AND OLD.is_active IS NOT TRUE'),
};
