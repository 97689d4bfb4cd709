import type { EventType, Notification } from './event.ts';
import { parseScope, type ScopeKind } from './scope.ts';

/** Kinds of scope whose messages inboxes keep; of a contest, the inboxes of its participants. */
export const INBOX_SCOPE_KINDS = [
  'player',
  'contest',
  'global',
  'players',
  'admins',
  'companies',
] as const satisfies readonly ScopeKind[];

export type InboxScopeKind = (typeof INBOX_SCOPE_KINDS)[number];

/** Per type, the kinds of scope in which inboxes keep its messages. Without zod, so that pages can import it. */
const KINDS: Readonly<Record<EventType, readonly InboxScopeKind[]>> = {
  LEVEL_UP: ['player'],
  TIER_UPGRADE: ['player'],
  RANK_CHANGE: ['player'],
  ACHIEVEMENT: ['player'],
  SUBMISSION_RECEIVED: [],
  SUBMISSION_JUDGED: [],
  SUBMISSION_REJUDGED: ['player'],
  PROBLEM_SOLVED: ['player'],
  SOLVE_RETRACTED: ['player'],
  XP_GAINED: [],
  RECEIPTS: [],
  CONTEST_STATUS: ['contest'],
  CONTEST_END: ['contest'],
  CONTEST_CREATED: [],
  CONTEST_CHANGED: ['contest'],
  CONTEST_UNLISTED: [],
  CONTEST_COUNTS: [],
  CONTEST_RESULTS: ['contest'],
  CONTEST_REVEAL: ['contest'],
  CONTEST_REVEAL_STEP: [],
  LEADERBOARD_UPDATE: [],
  CELLS_UPDATE: [],
  LEADERBOARD_FREEZE: [],
  CONTEST_JOINED: [],
  ANNOUNCEMENT: INBOX_SCOPE_KINDS,
  ANNOUNCEMENT_WITHDRAWN: INBOX_SCOPE_KINDS,
  GLOBAL_LEADERBOARD: [],
  DIGEST: [],
  PLAYER_STATUS: [],
  NODE_STATUS: [],
  PADDING: [],
  ACCESS_CHANGED: [],
};

/** Whether inboxes keep the messages of a type in a kind of scope; of an unknown type, none. */
export function isKeptByInboxes(type: EventType, kind: ScopeKind): boolean {
  const kinds: readonly ScopeKind[] | undefined = KINDS[type];
  return kinds?.includes(kind) ?? false;
}

/**
 * Whether a notification of a player's stream belongs to the player's inbox. Those of a contest belong to the inboxes of its
 * participants, which a client cannot determine: `unknown`.
 */
export function inboxMembership({ scope, type }: Notification): 'yes' | 'unknown' | 'no' {
  const kind = parseScope(scope)?.kind;
  if (kind === undefined || !isKeptByInboxes(type, kind)) return 'no';
  return kind === 'contest' ? 'unknown' : 'yes';
}
