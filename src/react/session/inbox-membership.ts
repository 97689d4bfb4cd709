import type { Notification } from '../../protocol/event.ts';
import { isKeptByInboxes } from '../../protocol/inbox-scope-kinds.ts';
import { parseScope } from '../../protocol/scope.ts';

/**
 * Whether a notification belongs to the player's inbox. Those of a contest belong to its participants' inboxes, which only
 * the service knows: `unknown`.
 */
export function inboxMembership({ scope, type }: Notification): 'yes' | 'unknown' | 'no' {
  const kind = parseScope(scope)?.kind;
  if (kind === undefined || !isKeptByInboxes(type, kind)) return 'no';
  return kind === 'contest' ? 'unknown' : 'yes';
}
