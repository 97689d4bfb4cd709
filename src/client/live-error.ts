import type { FieldError, ProblemCode } from '../protocol/problem.ts';
import { readProblem } from '../protocol/problem-document.ts';
import { MAX_FOREIGN_ASKED_MS } from './backoff.ts';

/**
 * What is not the service's own problem: `network` (it could not be reached, or the connection broke), `silent` (nothing
 * was heard for too long), `unexpected-answer` (something else answered: a proxy, say), `no-token` (`getToken` or
 * `getTicket` failed), `identity-changed` (token or cookie are another user's), `listener` (a listener threw), `closed` (the client was closed).
 */
export type ClientFault =
  | 'network'
  | 'silent'
  | 'unexpected-answer'
  | 'no-token'
  | 'identity-changed'
  | 'listener'
  | 'closed';

const FAULTS: ReadonlySet<string> = new Set<ClientFault>([
  'network',
  'silent',
  'unexpected-answer',
  'no-token',
  'identity-changed',
  'listener',
  'closed',
]);

export interface LiveErrorOptions {
  /** The HTTP status, where there was an answer. */
  readonly status?: number | undefined;
  readonly errors?: readonly FieldError[] | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly limit?: number | undefined;
  /** After how many ms to try again, if that was said. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** Whatever goes wrong in the client. `code` is stable; the service's problems keep theirs. */
export class LiveError extends Error {
  override readonly name = 'LiveError';
  readonly code: ProblemCode | ClientFault;
  readonly status: number | undefined;
  /** Which fields are wrong, where the service said so. */
  readonly errors: readonly FieldError[];
  /** The scopes that are refused, where the error is about some of those that were asked for. */
  readonly scopes: readonly string[];
  /** Of `too-many-scopes`: how many the service takes. */
  readonly limit: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ProblemCode | ClientFault, message: string, options: LiveErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.status = options.status;
    this.errors = options.errors ?? [];
    this.scopes = options.scopes ?? [];
    this.limit = options.limit;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** Whether the service itself said it, rather than something that stands before it, or this client. */
  get isFromService(): boolean {
    return !FAULTS.has(this.code);
  }
}

/** Token or cookie are another user's than before: what is shown shall never be two people's. */
export function identityChanged(): LiveError {
  return new LiveError('identity-changed', 'this is another user than before; connect anew for them');
}

/** Whatever a request failed with, as a `LiveError`. */
export function networkError(cause: unknown): LiveError {
  if (cause instanceof LiveError) return cause;
  return new LiveError('network', 'the service cannot be reached', { cause });
}

/** An answer that is no success, as an error. Reads the body. */
export async function errorOf(response: Response): Promise<LiveError> {
  const { status } = response;
  const retryAfterMs = readRetryAfter(response.headers.get('retry-after'));
  const body = await response.text().catch(() => '');
  const problem = readProblem(response.headers, body);
  if (!problem)
    return new LiveError('unexpected-answer', `something answered ${status}, and it was not the service`, {
      status,
      retryAfterMs: retryAfterMs && Math.min(retryAfterMs, MAX_FOREIGN_ASKED_MS),
    });
  const { code, detail, title, errors, scopes, limit } = problem;
  return new LiveError(code, detail ?? title, { status, errors, scopes, limit, retryAfterMs });
}

/** Seconds only; the service never sends a date. */
function readRetryAfter(text: string | null): number | undefined {
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) * 1_000 : undefined;
}
