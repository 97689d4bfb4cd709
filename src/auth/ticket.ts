import { randomUUID } from 'node:crypto';
import { errors } from 'jose';
import { z } from 'zod';
import { Problem } from '../protocol/problem.ts';
import { parseScope, type Scope } from '../protocol/scope.ts';
import { idClaim, isFromTheFuture, numericDate } from './claims.ts';
import { requireUser } from './guards.ts';
import type { Identity } from './identity.ts';
import { AUDIENCES, signOwn, verifyOwn } from './own-token.ts';

/** Max length of a ticket, in characters: with the rest of its URL it fits into the 8 KiB that proxies accept. */
const MAX_TICKET_LENGTH = 7_000;
/** Max length of a ticket without its scopes, in characters. */
const TICKET_OVERHEAD = 600;

/** Claims of a ticket. */
export interface Ticket {
  readonly id: string;
  readonly userId: number;
  readonly scopes: readonly Scope[];
  /** Time at which the token was issued that the ticket was given for. */
  readonly issuedAt: Date;
  /** Expiry of that token, and of the ticket's streams, which it cannot reopen afterwards. */
  readonly until: Date;
  /** Whether it may open a stream; otherwise it may only reopen one that was cut. */
  readonly opens: boolean;
}

interface IssuedTicket {
  readonly ticket: string;
  readonly scopes: readonly Scope[];
  /** Time until which it opens a stream. */
  readonly expiresAt: Date;
}

const CLAIMS = z.object({
  jti: z.uuid(),
  sub: idClaim,
  scopes: z.array(z.string().refine((text) => parseScope(text) !== undefined)).min(1),
  iat: numericDate,
  exp: numericDate,
  auth: numericDate,
  until: numericDate,
});

export interface Tickets {
  /**
   * Issues a ticket for scopes that are authorised (`Grants.authorise`).
   *
   * @throws Problem `forbidden` to services and to tickets: a ticket is issued for a user's token. `too-many-scopes`, with
   *   the limit, where the ticket would not fit into a URL
   */
  issue(identity: Identity, scopes: readonly Scope[]): Promise<IssuedTicket>;
  /** @throws Problem `ticket-invalid` */
  read(ticket: string): Promise<Ticket>;
}

export function createTickets(options: { key: Uint8Array; ttlS: number; now?: () => number }): Tickets {
  const { key, ttlS, now = Date.now } = options;
  return {
    async issue(identity, requested) {
      const user = requireUser(identity);
      const scopes = [...new Set(requested)];
      if (scopes.length === 0)
        throw new Problem('invalid-scope', { detail: 'A ticket needs at least one scope.' });
      const until = seconds(user.expiresAt);
      const iat = Math.floor(now() / 1000);
      const exp = Math.min(iat + ttlS, until);
      const claims = {
        jti: randomUUID(),
        sub: String(user.userId),
        scopes,
        auth: seconds(user.issuedAt),
        until,
      };
      const ticket = await signOwn(AUDIENCES.ticket, key, claims, { iat, exp });
      if (ticket.length > MAX_TICKET_LENGTH) {
        const limit = Math.floor((scopes.length * (MAX_TICKET_LENGTH - TICKET_OVERHEAD)) / ticket.length);
        const detail = `A ticket for these scopes does not fit into a URL. Request at most ${limit} scopes.`;
        throw new Problem('too-many-scopes', { detail, limit });
      }
      return { ticket, scopes, expiresAt: new Date(exp * 1000) };
    },

    async read(text) {
      const at = now();
      let payload: unknown;
      let opens = true;
      try {
        payload = await verifyOwn(AUDIENCES.ticket, key, text, at);
      } catch (error) {
        if (!(error instanceof errors.JWTExpired)) throw new Problem('ticket-invalid');
        payload = error.payload;
        opens = false;
      }
      const claims = CLAIMS.safeParse(payload);
      if (!claims.success) throw new Problem('ticket-invalid');
      const { jti, sub, scopes, iat, auth, until } = claims.data;
      if (isFromTheFuture(iat, at) || until.getTime() <= at) throw new Problem('ticket-invalid');
      return { id: jti, userId: sub, scopes: scopes as Scope[], issuedAt: auth, until, opens };
    },
  };
}

function seconds(date: Date): number {
  return date.getTime() / 1000;
}
