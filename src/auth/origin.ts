import type { HttpConfig, OriginRules } from '../config/config.ts';
import { Problem } from '../protocol/problem.ts';

/** What of a request decides who sent it. */
export interface AuthRequest {
  readonly headers: Headers;
  readonly url: URL;
  readonly method: string;
}

const LOOPBACK = /^http:\/\/(?:localhost|127\.0\.0\.1)(?::\d{1,5})?$/;
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether pages of this other origin may call us with the player's cookie. */
export function isListedOrigin(rules: OriginRules, origin: string): boolean {
  return rules.listed.includes(origin) || (rules.loopback && LOOPBACK.test(origin));
}

/**
 * A browser sends the cookie along whoever asks for it. This refuses what another site's page asked for.
 *
 * @throws Problem `origin-not-allowed`
 */
export function requireCookieOrigin(
  request: AuthRequest,
  http: Pick<HttpConfig, 'origins' | 'trustProxy'>,
): void {
  const origin = request.headers.get('origin');
  const site = request.headers.get('sec-fetch-site');
  const allowed =
    origin === null
      ? isUnsuspicious(site, SAFE_METHODS.has(request.method))
      : isListedOrigin(http.origins, origin) || origin === ownOrigin(request, http.trustProxy);
  if (!allowed) throw new Problem('origin-not-allowed');
}

/**
 * Fetch Metadata of a request without `Origin`. Browsers leave `Origin` out of same-origin reads and of navigations;
 * one that is too old to send either header cannot change anything here by cookie.
 */
function isUnsuspicious(site: string | null, safe: boolean): boolean {
  if (site === 'same-origin' || site === 'none') return true;
  return safe && (site === null || site === 'same-site');
}

/** The origin that the browser reached us under. What proxies say of it counts only as far as they are trusted. */
function ownOrigin({ headers, url }: AuthRequest, trustProxy: number): string {
  const host = forwarded(headers, 'x-forwarded-host', trustProxy) ?? headers.get('host') ?? url.host;
  const scheme = forwarded(headers, 'x-forwarded-proto', trustProxy) ?? url.protocol.slice(0, -1);
  const address = `${scheme}://${host}`;
  return URL.canParse(address) ? new URL(address).origin : '';
}

/** Each trusted proxy may have added a value at the end; what stands before those came from outside. */
function forwarded(headers: Headers, name: string, trustProxy: number): string | undefined {
  const values = headers.get(name)?.split(',') ?? [];
  return trustProxy === 0 ? undefined : values[Math.max(0, values.length - trustProxy)]?.trim();
}
