import { randomUUID } from 'node:crypto';
import { errors } from 'jose';
import { z } from 'zod';
import { Problem } from '../protocol/problem.ts';
import { parseScope, type Scope } from '../protocol/scope.ts';
import { idClaim, isFromTheFuture, numericDate } from './claims.ts';
import { requireUser } from './guards.ts';
import type { Identity } from './identity.ts';
import { AUDIENCES, signOwn, verifyOwn } from './own-token.ts';

/** Max length of a ticket, in characters: with the rest of its URL it fits into the 8 KiB that proxies take. */
const MAX_TICKET_LENGTH = 7_000;
/** Upper bound of what a ticket holds besides its scopes, in characters. */
const TICKET_FRAME = 600;

/** What a ticket says. */
export interface Ticket {
  readonly id: string;
  readonly userId: number;
  readonly scopes: readonly Scope[];
  /** When the token that it was given for was issued. */
  readonly issuedAt: Date;
  /** When that token ends: streams of the ticket end then, and it can reopen none. */
  readonly until: Date;
  /** Whether it may still open a stream; later it may only reopen one that was cut. */
  readonly opens: boolean;
}

interface IssuedTicket {
  readonly ticket: string;
  readonly scopes: readonly Scope[];
  /** Until when it opens a stream. */
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
   * A ticket for scopes that were authorised already (`Grants.authorise`).
   *
   * @throws Problem `forbidden` to services and to tickets: a ticket is given for a user's own token. `too-many-scopes`
   *   where the ticket would not fit into a URL; it says how many do.
   */
  issue(identity: Identity, scopes: readonly Scope[]): Promise<IssuedTicket>;
  /** @throws Problem `ticket-invalid` */
  read(ticket: string): Promise<Ticket>;
}

export function createTickets(options: { key: Uint8Array; ttlS: number; now?: () => number }): Tickets {
  const { key, ttlS, now = Date.now } = options;
  return {
    async issue(identity, asked) {
      const user = requireUser(identity);
      const scopes = [...new Set(asked)];
      if (scopes.length === 0)
        throw new Problem('invalid-scope', { detail: 'A ticket is for one scope or more.' });
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
        const limit = Math.floor((scopes.length * (MAX_TICKET_LENGTH - TICKET_FRAME)) / ticket.length);
        const detail = `A ticket for so many scopes does not fit into a URL; ${limit} do.`;
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
