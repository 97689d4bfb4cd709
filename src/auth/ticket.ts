import { randomUUID } from 'node:crypto';
import { errors } from 'jose';
import { z } from 'zod';
import { Problem } from '../protocol/problem.ts';
import { parseScope, type Scope } from '../protocol/scope.ts';
import { idClaim, isFromTheFuture, numericDate } from './claims.ts';
import { requireUser } from './guards.ts';
import type { Identity } from './identity.ts';
import { AUDIENCES, signOwn, verifyOwn } from './own-token.ts';

/** More would not fit into the URL that a ticket travels in. */
const MAX_TICKET_SCOPES = 50;

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
   * @throws Problem `forbidden` to services and to tickets: a ticket is given for a user's own token.
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
      if (scopes.length === 0 || scopes.length > MAX_TICKET_SCOPES)
        throw new Problem('invalid-scope', { detail: `A ticket is for 1 to ${MAX_TICKET_SCOPES} scopes.` });
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
