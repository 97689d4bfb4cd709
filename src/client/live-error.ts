import type { FieldError, ProblemCode } from '../protocol/problem.ts';
import { readProblem } from '../protocol/problem-document.ts';
import { MAX_FOREIGN_ASKED_MS } from './reconnect-delay.ts';

/**
 * Codes of errors of the client itself: `network` (the service could not be reached, or the connection broke), `silent`
 * (nothing was received for too long), `unexpected-answer` (something other than the service answered, e.g. a proxy),
 * `no-token` (`getToken` or `getTicket` failed), `identity-changed` (the token or cookie is another user's), `listener` (a
 * listener threw), `closed` (the client was closed).
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
  /** `Retry-After`, in ms. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** Error of the client, or problem of the service. `code` is stable. */
export class LiveError extends Error {
  override readonly name = 'LiveError';
  readonly code: ProblemCode | ClientFault;
  readonly status: number | undefined;
  /** Field errors of the service's problem. */
  readonly errors: readonly FieldError[];
  /** The refused scopes, where the error concerns some of the requested ones. */
  readonly scopes: readonly string[];
  /** Of `too-many-scopes`: the service's limit. */
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

  /** Whether it is the service's own problem, not an error of a proxy or of this client. */
  get isFromService(): boolean {
    return !FAULTS.has(this.code);
  }
}

/** Error for a token or cookie of another user than before: a page must not mix two users. */
export function identityChanged(): LiveError {
  return new LiveError(
    'identity-changed',
    'the token or cookie belongs to another user; connect again for that user',
  );
}

export function connectionClosed(): LiveError {
  return new LiveError('closed', 'the connection is closed');
}

/** Error for an answer that is not this service's, e.g. that of a proxy. */
export function unexpectedAnswer(options?: LiveErrorOptions): LiveError {
  return new LiveError('unexpected-answer', 'something other than the service answered', options);
}

/** Wraps any error of a request as a `LiveError`. */
export function networkError(cause: unknown): LiveError {
  if (cause instanceof LiveError) return cause;
  return new LiveError('network', 'the service cannot be reached', { cause });
}

/** Reads an error response, with its body. */
export async function errorOf(response: Response): Promise<LiveError> {
  const { status } = response;
  const retryAfterMs = readRetryAfter(response.headers.get('retry-after'));
  const body = await response.text().catch(() => '');
  const problem = readProblem(response.headers, body);
  if (!problem)
    return unexpectedAnswer({
      status,
      retryAfterMs: retryAfterMs && Math.min(retryAfterMs, MAX_FOREIGN_ASKED_MS),
    });
  const { code, detail, title, errors, scopes, limit } = problem;
  return new LiveError(code, detail ?? title, { status, errors, scopes, limit, retryAfterMs });
}

/** Reads `Retry-After` as ms. Seconds only: the service never sends a date. */
function readRetryAfter(text: string | null): number | undefined {
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) * 1_000 : undefined;
}
