import { PROBLEM_TYPE } from './problem-type.ts';

/** Every problem the service answers with: its stable code, HTTP status and title (RFC 9457). */
export const PROBLEMS = {
  'bad-request': [400, 'The request could not be understood'],
  'invalid-json': [400, 'The body is not valid JSON'],
  'invalid-scope': [400, 'That is not a scope'],
  'too-many-scopes': [400, 'These are too many scopes for one stream'],
  'invalid-id': [400, 'That is not an id'],
  'invalid-query': [400, 'A query parameter is invalid'],
  'invalid-type': [400, 'That is not an event type'],
  'token-in-url': [400, 'Tokens are not accepted in URLs'],
  'stream-on-busy-connection': [400, 'This connection already carries a stream'],
  'token-missing': [401, 'Authentication is needed'],
  'token-invalid': [401, 'The token is not valid'],
  'token-expired': [401, 'The token has expired'],
  'ticket-invalid': [401, 'The ticket is not valid'],
  'origin-not-allowed': [403, 'The cookie is not accepted from this origin'],
  'account-blocked': [403, 'This account is blocked'],
  forbidden: [403, 'This identity may not do that'],
  'no-player': [403, 'This account has no player'],
  'not-found': [404, 'There is nothing here for you'],
  'not-in-standings': [404, 'You are not in these standings'],
  'method-not-allowed': [405, 'That method is not allowed here'],
  'body-timeout': [408, 'The body did not arrive in time'],
  'idempotency-conflict': [409, 'The idempotency key was used with another body'],
  superseded: [409, 'Another writer was faster'],
  'reveal-not-possible': [409, 'Only the frozen standings of a contest that is over can be revealed'],
  'reveal-not-open': [409, 'No reveal of these standings is open'],
  'reveal-step': [409, 'That is not the next step of the reveal'],
  'body-too-large': [413, 'The body is too large'],
  'unsupported-media-type': [415, 'The body is not application/json'],
  'invalid-event': [422, 'The event is not valid'],
  'invalid-body': [422, 'The body is not valid'],
  'upgrade-unsupported': [426, 'This service speaks server-sent events, not WebSocket'],
  'too-many-requests': [429, 'This account sends too many requests'],
  'too-many-headers': [431, 'The request header is too large'],
  internal: [500, 'Something went wrong on our side'],
  'database-unavailable': [503, 'The database cannot be reached'],
  'storage-unavailable': [503, 'The database cannot store or read this at present'],
  'keys-unavailable': [503, 'The keys that tokens are signed with cannot be fetched'],
  overloaded: [503, 'The service is at its limit'],
  'shutting-down': [503, 'The service is shutting down'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof PROBLEMS;

/** One field that is wrong: a JSON pointer (RFC 6901) into the body, and what is wrong with it. */
export interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}

export interface ProblemOptions {
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  /** The scopes that are refused, as they were asked for. Without them the request is allowed. */
  readonly scopes?: readonly string[];
  /** The most of them that one request may ask for. */
  readonly limit?: number;
  /** The last step of a reveal. */
  readonly step?: number;
  /** Seconds after which to try again; sent as `Retry-After`. */
  readonly retryAfter?: number;
  readonly cause?: unknown;
}

/** The body of an `application/problem+json` answer. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  /** The scopes that are refused, as they were asked for. Asked for without them, the rest is judged anew. */
  readonly scopes?: readonly string[];
  /** Of `too-many-scopes`: how many there may be. */
  readonly limit?: number;
  /** Of `reveal-step`: the last step of the reveal; the next has the number after it. */
  readonly step?: number;
}

/** Error that is sent to the client as it is. An error of any other class becomes `internal`. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly status: number;
  readonly options: ProblemOptions;

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    super(options.detail ?? PROBLEMS[code][1], options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.status = PROBLEMS[code][0];
    this.options = options;
  }

  toJSON(): ProblemBody {
    const { detail, errors, scopes, limit, step } = this.options;
    return {
      type: `${PROBLEM_TYPE}${this.code}`,
      title: PROBLEMS[this.code][1],
      status: this.status,
      code: this.code,
      ...(detail === undefined ? {} : { detail }),
      ...(errors === undefined ? {} : { errors }),
      ...(scopes === undefined ? {} : { scopes }),
      ...(limit === undefined ? {} : { limit }),
      ...(step === undefined ? {} : { step }),
    };
  }
}
