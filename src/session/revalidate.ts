import type { Grants, Listener, Loss } from '../auth/grants.ts';
import type { CloseReason } from '../protocol/control.ts';
import type { Stream } from '../stream/stream.ts';
import type { Streams } from '../stream/streams.ts';

/** So many streams are looked at together, so that what else there is to do gets its turn in between. */
const PAGE = 1_000;

interface StreamListener extends Listener {
  readonly stream: Stream;
}

/**
 * Closes the streams whose owners may no longer listen: blocked or deleted, tokens revoked, a right to a scope lost.
 *
 * @returns how many were closed
 * @throws what the database throws; the streams stay open then, since nothing is known against them
 */
export async function revalidate(streams: Streams, grants: Pick<Grants, 'recheck'>): Promise<number> {
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
 * Whoever only has another role or player now may come back, and is authorised as what they are. So may who lost one of
 * several scopes: the answer then names it, and the rest is heard without it.
 */
function reasonFor({ why, listener }: Loss): CloseReason {
  const partly = why === 'scope-lost' && listener.scopes.length > 1;
  return why === 'changed' || partly ? 'rotated' : 'revoked';
}
