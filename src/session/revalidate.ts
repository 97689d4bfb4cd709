import type { Grants, Loss, StreamAccess } from '../auth/grants.ts';
import type { CloseReason } from '../protocol/control.ts';
import type { Stream } from '../stream/stream.ts';

/** Max streams per check, so that other work gets its turn between two. */
const PAGE = 2_000;

interface StreamListener extends StreamAccess {
  readonly stream: Stream;
}

/**
 * Closes those streams whose owners lost their right: accounts blocked or deleted, tokens revoked, access to a scope lost.
 *
 * @returns count of closed streams
 * @throws errors of the database; the streams stay open then
 */
export async function revalidate(
  streams: Iterable<Stream>,
  grants: Pick<Grants, 'recheck'>,
): Promise<number> {
  const all = [...streams];
  let closed = 0;
  for (let at = 0; at < all.length; at += PAGE) {
    const open = all.slice(at, at + PAGE).filter(({ state }) => state !== 'closed');
    const losses = await grants.recheck(open.map(listenerOf));
    for (const loss of losses) {
      const { listener } = loss;
      if (listener.stream.state === 'closed') continue;
      listener.stream.close(reasonFor(loss));
      closed += 1;
    }
  }
  return closed;
}

function listenerOf(stream: Stream): StreamListener {
  const { userId, playerId, role, issuedAt } = stream.owner;
  return { stream, userId, playerId, role, issuedAt, scopes: stream.scopes };
}

/**
 * Owners whose role or player changed may reconnect, and are authorised anew. So may owners who lost one of several
 * scopes: the next answer names the refused scope, and they subscribe to the rest.
 */
function reasonFor({ why, listener }: Loss): CloseReason {
  const partly = why === 'scope-lost' && listener.scopes.length > 1;
  return why === 'changed' || partly ? 'rotated' : 'revoked';
}
