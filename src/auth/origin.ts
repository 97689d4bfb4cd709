import type { HttpConfig, OriginRules } from '../config/config.ts';
import { Problem } from '../protocol/problem.ts';

/** Parts of a request that identify the caller. */
export interface AuthRequest {
  /** Headers by their lower-case name. */
  readonly headers: Pick<Headers, 'get'>;
  readonly url: URL;
  readonly method: string;
}

const LOOPBACK = /^http:\/\/(?:localhost|127\.0\.0\.1)(?::\d{1,5})?$/;
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether pages of this origin may call the service with the player's cookie. */
export function isListedOrigin(rules: OriginRules, origin: string): boolean {
  return rules.listed.includes(origin) || (rules.loopback && LOOPBACK.test(origin));
}

/**
 * Guard against cross-site request forgery: browsers add the cookie to requests of any site's pages.
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
      ? passesFetchMetadata(site, SAFE_METHODS.has(request.method))
      : isListedOrigin(http.origins, origin) || origin === ownOrigin(request, http.trustProxy);
  if (!allowed) throw new Problem('origin-not-allowed');
}

/**
 * Whether Fetch Metadata allows a request without `Origin`. Browsers omit `Origin` on same-origin reads and on
 * navigations. A browser too old to send either header can only read.
 */
function passesFetchMetadata(site: string | null, safe: boolean): boolean {
  if (site === 'same-origin' || site === 'none') return true;
  return safe && (site === null || site === 'same-site');
}

/** Origin under which the browser reached the service. Headers of proxies count only as far as they are trusted. */
function ownOrigin({ headers, url }: AuthRequest, trustProxy: number): string {
  const host = forwarded(headers, 'x-forwarded-host', trustProxy) ?? headers.get('host') ?? url.host;
  const scheme = forwarded(headers, 'x-forwarded-proto', trustProxy) ?? url.protocol.slice(0, -1);
  const address = `${scheme}://${host}`;
  return URL.canParse(address) ? new URL(address).origin : '';
}

/** Reads a forwarded header. Each trusted proxy may have appended a value; the values before those are not trusted. */
function forwarded(headers: AuthRequest['headers'], name: string, trustProxy: number): string | undefined {
  const values = headers.get(name)?.split(',') ?? [];
  return trustProxy === 0 ? undefined : values[Math.max(0, values.length - trustProxy)]?.trim();
}
