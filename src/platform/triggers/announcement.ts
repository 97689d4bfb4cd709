import { ROLES, SEVERITIES } from '../../protocol/enums.ts';
import { bodyOf, only } from './body.ts';
import { publishEvent } from './outbox-row.ts';
import type { Trigger } from './trigger.ts';
import { sqlInt, sqlOneOf, sqlText } from './value.ts';

const TITLE = 'v_title';
const MESSAGE = 'v_message';

type Row = 'OLD' | 'NEW';

/**
 * SQL: whether an announcement has an audience. One for a role of a contest is published to the contest where the role is that
 * of its participants, and else not at all, since no scope has just those users.
 */
export const hasAudience = (row: string): string =>
  `(${isForAll(row)} OR (${row}.target_contest IS NULL AND ${row}.target_role IN (${ROLES.map((role) => `'${role}'`).join(', ')}))
 OR (${row}.target_contest IS NOT NULL AND ${row}.target_role = 'PLAYER'))`;

const isForAll = (row: string): string => `(${row}.target_role IS NULL OR ${row}.target_role IN ('', 'ALL'))`;

/** SQL: whether an announcement is shown now. `expires_at` is compared with the clock of the platform's session, as the platform does. */
const isShown = (row: Row): string =>
  `(${row}.is_active IS TRUE AND (${row}.expires_at IS NULL OR ${row}.expires_at > NOW()) AND ${hasAudience(row)})`;

const hasOtherAudience =
  'NOT (OLD.target_role <=> NEW.target_role AND OLD.target_contest <=> NEW.target_contest)';
/** Compared by bytes: another case is another text. */
const hasOtherText = `NOT (CAST(OLD.title AS BINARY) <=> CAST(NEW.title AS BINARY)
 AND CAST(OLD.message AS BINARY) <=> CAST(NEW.message AS BINARY) AND OLD.type <=> NEW.type)`;

/** SQL of an announcement's audience, NULL where it is none of the kind. */
export const audienceOf = (row: string) => ({
  contestId: sqlInt(`${row}.target_contest`),
  role: `IF(${row}.target_contest IS NULL, ${sqlOneOf(ROLES, `${row}.target_role`)}, NULL)`,
});

const EXPIRY_COLUMNS = ['announcement_id', 'expires_at', 'written_as'];
const STORES_EXPIRY = { announcement_expiry: EXPIRY_COLUMNS };

/** Stores when an announcement expires. An expiry that the session's zone cannot convert is not stored. */
const storeExpiry = only(
  `UNIX_TIMESTAMP(NEW.expires_at) > 0`,
  `INSERT INTO announcement_expiry (${EXPIRY_COLUMNS.join(', ')})
VALUES (NEW.id, TIMESTAMPADD(SECOND, CEILING(UNIX_TIMESTAMP(NEW.expires_at)), '1970-01-01'), CAST(NEW.expires_at AS CHAR));`,
);

/** Title and message replace each other where one is missing. */
function publishText(correction: boolean): string {
  const announcementId = sqlInt('NEW.id');
  return [
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
          ...audienceOf('NEW'),
          ...(correction ? { correction: "JSON_EXTRACT('true', '$')" } : {}),
        },
        correction ? undefined : ['announcement', announcementId],
      ),
    ),
  ].join('\n');
}

const publishWithdrawal = [
  `SET ${TITLE} = OLD.title;`,
  publishEvent('ANNOUNCEMENT_WITHDRAWN', {
    announcementId: sqlInt('OLD.id'),
    title: sqlText(255, TITLE),
    ...audienceOf('OLD'),
  }),
].join('\n');

const common = {
  table: 'announcement',
  reads: {
    announcement: [
      'id',
      'title',
      'message',
      'type',
      'target_role',
      'target_contest',
      'is_active',
      'expires_at',
    ],
  },
} as const;

/** Announcement that is inserted as active. */
export const announcementMade: Trigger = {
  ...common,
  writes: ['ANNOUNCEMENT'],
  stores: STORES_EXPIRY,
  piece: 'announcement_made',
  event: 'INSERT',
  body: bodyOf({ when: isShown('NEW'), variables: [TITLE, MESSAGE] }, publishText(false), storeExpiry),
};

/**
 * Announcement that becomes active, is corrected, or is withdrawn: for another audience, it is withdrawn from the old one. One
 * that had expired and has the same text again is a repeat.
 */
export const announcementActivated: Trigger = {
  ...common,
  writes: ['ANNOUNCEMENT', 'ANNOUNCEMENT_WITHDRAWN'],
  stores: STORES_EXPIRY,
  piece: 'announcement_activated',
  event: 'UPDATE',
  body: bodyOf(
    { when: `${isShown('OLD')} OR ${isShown('NEW')}`, variables: [TITLE, MESSAGE] },
    only(`${isShown('OLD')} AND (NOT ${isShown('NEW')} OR ${hasOtherAudience})`, publishWithdrawal),
    only(
      isShown('NEW'),
      `IF OLD.is_active IS TRUE AND NOT (${hasOtherAudience}) AND ${hasOtherText} THEN`,
      publishText(true),
      `ELSEIF NOT ${isShown('OLD')} OR ${hasOtherAudience} THEN`,
      publishText(false),
      'END IF;',
      only(`NOT ${isShown('OLD')} OR NOT (OLD.expires_at <=> NEW.expires_at)`, storeExpiry),
    ),
  ),
};

/** Announcement that is deleted while it is shown. */
export const announcementDeleted: Trigger = {
  ...common,
  writes: ['ANNOUNCEMENT_WITHDRAWN'],
  piece: 'announcement_deleted',
  event: 'DELETE',
  body: bodyOf({ when: isShown('OLD'), variables: [TITLE] }, publishWithdrawal),
};
