import { parse } from 'hono/utils/cookie';
import { Problem } from '../protocol/problem.ts';
import type { AuthRequest } from './origin.ts';

/** Credential of a request, and where it was. */
export interface Credential {
  readonly from: 'header' | 'ticket' | 'cookie';
  readonly text: string;
}

/** Name of the cookie that the platform's login sets. */
const COOKIE = 'token';

/** RFC 7617. */
const BASIC = /^Basic +([A-Za-z0-9+/]+=*)$/i;

/** RFC 6750 § 2.1. */
const BEARER = /^Bearer +([\w.~+/-]+=*)$/i;

const TOKEN_PARAMETERS = new Set(['token', 'access_token', 'jwt', 'authorization']);
const LOOKS_LIKE_JWT = /^(?:Bearer\s+)?eyJ[\w-]*\.[\w-]+\.[\w-]*$/i;

/**
 * Reads the `Authorization` header, else `?ticket=`, else the cookie. A malformed one is refused, not ignored.
 *
 * @param basic whether a token may also be the password of HTTP basic authentication, with any user name
 * @throws Problem `token-missing`, `token-invalid`, `ticket-invalid`, `token-in-url`
 */
export function credentialOf({ headers, url }: AuthRequest, basic = false): Credential {
  if (url.search !== '') requireNoToken(url.searchParams);

  const authorization = headers.get('authorization');
  if (authorization !== null) {
    const text = BEARER.exec(authorization)?.[1] ?? (basic ? passwordOf(authorization) : undefined);
    if (text === undefined)
      throw new Problem('token-invalid', { detail: 'Expected "Authorization: Bearer …".' });
    return { from: 'header', text };
  }

  const tickets = url.searchParams.getAll('ticket');
  if (tickets.length > 1) throw new Problem('ticket-invalid');
  if (tickets[0] !== undefined) return { from: 'ticket', text: tickets[0] };

  const cookie = parse(headers.get('cookie') ?? '', COOKIE)[COOKIE];
  if (cookie === undefined || cookie === '') throw new Problem('token-missing');
  return { from: 'cookie', text: cookie };
}

function requireNoToken(query: URLSearchParams): void {
  for (const [name, value] of query)
    if (TOKEN_PARAMETERS.has(name.toLowerCase()) && LOOKS_LIKE_JWT.test(value))
      throw new Problem('token-in-url', {
        detail: 'URLs end up in logs. Send the token in the Authorization header, or get a ticket for it.',
      });
}

function passwordOf(authorization: string): string | undefined {
  const encoded = BASIC.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const pair = Buffer.from(encoded, 'base64').toString();
  const colon = pair.indexOf(':');
  return colon === -1 ? undefined : BEARER.exec(`Bearer ${pair.slice(colon + 1)}`)?.[1];
}
