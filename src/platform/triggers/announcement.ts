import { bodyOf, only } from './body.ts';
import { tell } from './outbox-row.ts';
import type { Trigger } from './trigger.ts';
import { int, oneOf, text } from './value.ts';

const TITLE = 'v_title';
const MESSAGE = 'v_message';

const announcementId = int('NEW.id');

/**
 * What is for everybody is heard by everybody who is signed in, so only what is meant for all, or for the players, is
 * published; an announcement to another role, or to one that is not known, is not.
 */
const isForPlayers = "(NEW.target_role IS NULL OR NEW.target_role IN ('', 'ALL', 'PLAYER'))";

const common = {
  table: 'announcement',
  tells: ['ANNOUNCEMENT'],
  reads: {
    announcement: ['id', 'title', 'message', 'type', 'target_role', 'target_contest', 'is_active'],
  },
} as const;

/** Whichever of title and message is missing, the other stands in for it. */
const announced = (when: string) =>
  bodyOf(
    { when: `${when} AND ${isForPlayers}`, variables: [TITLE, MESSAGE] },
    `SET ${TITLE} = NEW.title;`,
    `SET ${MESSAGE} = NEW.message;`,
    only(
      `CHAR_LENGTH(COALESCE(${TITLE}, '')) + CHAR_LENGTH(COALESCE(${MESSAGE}, '')) > 0`,
      tell(
        'ANNOUNCEMENT',
        {
          announcementId,
          title: `COALESCE(${text(255, TITLE)}, ${text(255, MESSAGE)})`,
          message: `COALESCE(${text(10_000, MESSAGE)}, ${text(10_000, TITLE)})`,
          severity: oneOf(['INFO', 'WARNING', 'SUCCESS'], 'NEW.type'),
          contestId: int('NEW.target_contest'),
        },
        ['announcement', announcementId],
      ),
    ),
  );

/** Announced when it was written. */
export const announcementMade: Trigger = {
  ...common,
  piece: 'announcement_made',
  event: 'INSERT',
  body: announced('NEW.is_active IS TRUE'),
};

/** Announced later. Taken back and announced again, it is the same announcement by its key. */
export const announcementActivated: Trigger = {
  ...common,
  piece: 'announcement_activated',
  event: 'UPDATE',
  body: announced('NEW.is_active IS TRUE AND OLD.is_active IS NOT TRUE'),
};
