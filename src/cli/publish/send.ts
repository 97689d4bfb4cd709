import { setTimeout as sleep } from 'node:timers/promises';
import { explainNetwork } from '../failure.ts';
import { type DescribedRefusal, describeRefusal } from '../refusal.ts';

export interface SendRequest {
  readonly url: URL;
  readonly token: string;
  readonly body: unknown;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
  /** Max duration of one attempt, ms; default 15000. */
  readonly timeoutMs?: number;
}

export type Outcome =
  | { readonly kind: 'answered'; readonly body: unknown }
  | { readonly kind: 'refused'; readonly refusal: DescribedRefusal }
  | { readonly kind: 'unreachable'; readonly why: string };

const ATTEMPTS = 4;
const LONGEST_WAIT_MS = 5_000;

/**
 * Posts JSON. Where the outcome is unknown or the service is busy, repeats up to three times: the body must contain
 * idempotency keys.
 */
export async function send(options: SendRequest): Promise<Outcome> {
  for (let attempt = 1; ; attempt += 1) {
    const { outcome, waitMs } = await sendOnce(options);
    if (waitMs === undefined || attempt === ATTEMPTS) return outcome;
    await sleep(waitMs, undefined, { signal: options.signal });
  }
}

/** Posts once. `waitMs` is set when a repeat may succeed. */
async function sendOnce(options: SendRequest): Promise<{ outcome: Outcome; waitMs?: number }> {
  const { url, token, body, signal, timeoutMs = 15_000 } = options;
  try {
    const response = await options.fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const isJson = response.headers.get('content-type')?.includes('application/json');
    if (response.ok && isJson) return { outcome: { kind: 'answered', body: await response.json() } };
    const outcome: Outcome = { kind: 'refused', refusal: await describeRefusal(response) };
    return isTransient(response.status) ? { outcome, waitMs: waitOf(response) } : { outcome };
  } catch (error) {
    signal.throwIfAborted();
    const outcome: Outcome = { kind: 'unreachable', why: explainNetwork(error) };
    // Where nothing listens, a repeat is pointless.
    return isCut(error) ? { outcome, waitMs: 500 } : { outcome };
  }
}

const isTransient = (status: number) => status === 429 || (status >= 502 && status <= 504);

function waitOf(response: Response): number {
  const seconds = Number(response.headers.get('retry-after') ?? 1);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1000, LONGEST_WAIT_MS) : 1000;
}

function isCut(error: unknown): boolean {
  const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
  return code === 'ECONNRESET' || code === 'UND_ERR_SOCKET' || (error as Error).name === 'TimeoutError';
}
