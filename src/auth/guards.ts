import { Problem } from '../protocol/problem.ts';
import type { Identity, PlayerIdentity, ServiceIdentity, UserIdentity } from './identity.ts';

/** @throws Problem `forbidden` unless it is a user's own token (a ticket is for streams alone). */
export function requireUser(identity: Identity): UserIdentity {
  if (identity.kind !== 'user' || identity.ticket !== undefined) throw new Problem('forbidden');
  return identity;
}

/** @throws Problem `forbidden` unless it is an admin. */
export function requireAdmin(identity: Identity): UserIdentity {
  const user = requireUser(identity);
  if (user.role !== 'ADMIN') throw new Problem('forbidden');
  return user;
}

/** @throws Problem `forbidden` unless it is a service. */
export function requireService(identity: Identity): ServiceIdentity {
  if (identity.kind !== 'service') throw new Problem('forbidden');
  return identity;
}

/** Also accepts a ticket, which may be for `player:me`. @throws Problem `forbidden`, `no-player` */
export function requirePlayer(identity: Identity): PlayerIdentity {
  if (identity.kind !== 'user') throw new Problem('forbidden');
  const { playerId } = identity;
  if (playerId === undefined) throw new Problem('no-player');
  return { ...identity, playerId };
}

/** Also accepts a ticket. @throws Problem `forbidden` to services */
export function requireListener(identity: Identity): UserIdentity {
  if (identity.kind !== 'user')
    throw new Problem('forbidden', { detail: 'A service may publish, not listen.' });
  return identity;
}

/** @throws Problem `forbidden` unless it is an admin or a service. */
export function requireMetricsReader(identity: Identity): Identity {
  return identity.kind === 'service' ? identity : requireAdmin(identity);
}
