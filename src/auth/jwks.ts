import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import { Problem } from '../protocol/problem.ts';

export interface JwksOptions {
  /** After a fetch, unknown key ids do not cause another one for this long, in ms. Default 30 s. */
  readonly cooldownMs?: number;
  /** After a failed fetch, the next one is not tried for this long, in ms. Default 5 s. */
  readonly retryMs?: number;
  readonly now?: () => number;
}

const FETCH_TIMEOUT_MS = 5000;
/** For how long the last keys stand in while the URL cannot be fetched, in ms: a key that was withdrawn lives on as long. */
const STALE_MS = 3_600_000;

/**
 * Public keys by id, fetched when they are needed and kept for ten minutes.
 *
 * The key it returns throws Problem `keys-unavailable` when the keys cannot be had.
 */
export function createJwks(url: string, options: JwksOptions = {}): JWTVerifyGetKey {
  const { cooldownMs = 30_000, retryMs = 5000, now = Date.now } = options;
  let last: { readonly body: string; readonly at: number } | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;

  async function fetchKeys(from: string, init: RequestInit): Promise<Response> {
    try {
      if (now() < failedAt + retryMs) throw new Error('The keys could not be fetched a moment ago.');
      const response = await fetch(from, init);
      if (response.status !== 200) throw new Error(`The keys were answered with ${response.status}.`);
      const body = await response.text();
      last = { body: requireKeySet(body), at: now() };
      return new Response(body);
    } catch (error) {
      if (now() >= failedAt + retryMs) failedAt = now();
      // jose counts this as a fetch, with its cooldown.
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
      if (isAboutTheToken(error)) throw error;
      throw new Problem('keys-unavailable', { retryAfter: 5, cause: error });
    }
  };
}

function requireKeySet(body: string): string {
  if (!Array.isArray((JSON.parse(body) as { keys?: unknown } | null)?.keys))
    throw new Error('That is no JWK set.');
  return body;
}

/** The keys are there, and none (or not just one) of them is the token's. */
function isAboutTheToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}
