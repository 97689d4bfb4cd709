import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import { Problem } from '../protocol/problem.ts';

export interface JwksOptions {
  /** Min interval between fetches for unknown key ids, in ms. Default 30 s. */
  readonly cooldownMs?: number;
  /** Delay after a failed fetch before the next one, in ms. Default 5 s. */
  readonly retryMs?: number;
  /** Clock of the intervals, in ms. Default: `performance.now()`. */
  readonly now?: () => number;
}

const FETCH_TIMEOUT_MS = 5000;
/** Max age of the keys that are used while the URL cannot be fetched, in ms. A key withdrawn then is accepted as long. */
const STALE_MS = 3_600_000;

/**
 * Creates a source of public keys by id, fetched on demand and cached for ten minutes.
 *
 * It throws Problem `keys-unavailable` where the keys cannot be fetched.
 */
export function createJwks(url: string, options: JwksOptions = {}): JWTVerifyGetKey {
  const { cooldownMs = 30_000, retryMs = 5000, now = () => performance.now() } = options;
  let last: { readonly body: string; readonly at: number } | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;

  async function fetchKeys(from: string, init: RequestInit): Promise<Response> {
    try {
      if (now() < failedAt + retryMs)
        throw new Error('The last fetch of the keys failed; waiting before the next one.');
      const response = await fetch(from, init);
      if (response.status !== 200) throw new Error(`The JWKS URL answered with status ${response.status}.`);
      const body = await response.text();
      last = { body: requireKeySet(body), at: now() };
      return new Response(body);
    } catch (error) {
      // The error above, of waiting, is no failed fetch: it does not extend the wait.
      if (now() >= failedAt + retryMs) failedAt = now();
      // To jose this is a successful fetch, which starts its cooldown.
      if (last !== undefined && now() < last.at + STALE_MS) return new Response(last.body);
      throw error;
    }
  }

  const keys = createRemoteJWKSet(new URL(url), {
    cooldownDuration: cooldownMs,
    timeoutDuration: FETCH_TIMEOUT_MS,
    [customFetch]: fetchKeys,
  });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      if (isTokenAtFault(error)) throw error;
      throw new Problem('keys-unavailable', { retryAfter: 5, cause: error });
    }
  };
}

function requireKeySet(body: string): string {
  if (!Array.isArray((JSON.parse(body) as { keys?: unknown } | null)?.keys))
    throw new Error('The JWKS URL did not answer with a JWK set.');
  return body;
}

/** Whether the keys are available and the token is at fault: no key, more than one, or an unsupported one matches it. */
function isTokenAtFault(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}
