import type { FieldError, ProblemBody } from '../protocol/problem.ts';
import { readProblem } from '../protocol/problem-document.ts';
import type { Confirmation, Entry } from './entry.ts';
import type { Refusal } from './error.ts';
import { readRetryAfter } from './retry-after.ts';

/** Outcome of a request. */
export type Answer =
  | { readonly kind: 'accepted'; readonly confirmations: readonly Confirmation[] }
  /** Repeating it as it is would change nothing. `errors` belong to the events at these places, where the service named them. */
  | {
      readonly kind: 'refused';
      readonly refusal: Refusal;
      readonly errors: ReadonlyMap<number, readonly FieldError[]>;
    }
  /** Nothing is known to be wrong with the events. */
  | {
      readonly kind: 'failed';
      readonly error: Error;
      readonly retryAfterMs: number;
      readonly status?: number;
    };

export interface PostOptions {
  readonly endpoint: URL;
  readonly token: string | (() => string | Promise<string>);
  readonly fetch: typeof fetch;
  /** Max duration of a request, in ms. */
  readonly timeoutMs: number;
}

/** Posts events once. Never rejects: any error, and an abort by `stop`, is a `failed` answer. */
export async function post(
  batch: readonly Entry[],
  options: PostOptions,
  stop: AbortSignal,
): Promise<Answer> {
  const { timeoutMs } = options;
  const attempt = new AbortController();
  const timer = setTimeout(() => attempt.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  const cancel = () => attempt.abort(stop.reason);
  stop.addEventListener('abort', cancel, { once: true });
  if (stop.aborted) cancel();
  try {
    return await unlessAborted(send(batch, options, attempt.signal), attempt.signal);
  } catch (error) {
    return {
      kind: 'failed',
      error: error instanceof Error ? error : new Error(String(error)),
      retryAfterMs: 0,
    };
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', cancel);
  }
}

async function send(batch: readonly Entry[], options: PostOptions, signal: AbortSignal): Promise<Answer> {
  const { endpoint, token, fetch } = options;
  const bearer = typeof token === 'function' ? await token() : token;
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    body: `[${batch.map(({ json }) => json).join(',')}]`,
    signal,
  });
  const text = await response.text();
  if (response.ok) return readConfirmations(parse(text), batch.length);
  const { status } = response;
  const problem = readProblem(response.headers, text);
  // A 413 is final from any sender; the others only from the service itself, not from something that stands before it.
  if (status === 413 || (problem !== undefined && [400, 409, 422].includes(status)))
    return { kind: 'refused', refusal: asRefusal(status, problem), errors: errorsByEvent(problem) };
  const said = problem ? `: ${problem.code}, ${problem.detail ?? problem.title}` : '';
  return {
    kind: 'failed',
    status,
    error: new Error(`the answer was ${status}${said}`),
    retryAfterMs: readRetryAfter(response.headers.get('retry-after')),
  };
}

function readConfirmations(body: unknown, expected: number): Answer {
  const { events } = (body ?? {}) as { events?: readonly Confirmation[] };
  const confirmed = Array.isArray(events) && events.every((event) => typeof event?.eventId === 'number');
  if (confirmed && events.length === expected) return { kind: 'accepted', confirmations: events };
  return { kind: 'failed', error: new Error('what answers there is not this service'), retryAfterMs: 0 };
}

/** The errors by the place of the event that they point to, their pointers from there on. */
function errorsByEvent(problem: ProblemBody | undefined): Map<number, FieldError[]> {
  const found = new Map<number, FieldError[]>();
  for (const { pointer, detail } of problem?.errors ?? []) {
    const [, place, rest = ''] = /^\/(\d+)(\/.*)?$/s.exec(pointer) ?? [];
    if (place === undefined) continue;
    const errors = found.get(Number(place)) ?? [];
    found.set(Number(place), [...errors, { pointer: rest, detail }]);
  }
  return found;
}

function asRefusal(status: number, problem: ProblemBody | undefined): Refusal {
  const detail = problem?.detail ?? problem?.title ?? `the answer was ${status}`;
  return { status, detail, errors: [], ...(problem && { code: problem.code }) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Rejects once the signal aborts, whether or not the work observes it. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    if (signal.aborted) reject(signal.reason);
    work.then(resolve, reject);
  });
}
