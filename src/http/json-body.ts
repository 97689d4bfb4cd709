import type { IncomingMessage } from 'node:http';
import { finished } from 'node:stream/promises';
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { Problem } from '../protocol/problem.ts';
import type { AppEnv } from './app-env.ts';
import { type BodyBounds, BodyReceiver, decodeBody } from './body-receiver.ts';

/** Max time to receive a body, ms. */
export const BODY_MS = 15_000;
/** Max time to discard the rest of a body that is too large, ms. */
const DISCARD_MS = 5_000;
const KIB = 1_024;
/** Bytes reserved per step for a body without `Content-Length`. */
const RESERVED_STEP = 64 * KIB;

/** Max size of a body with a few fields, bytes. */
export const SMALL_BODY = 4 * KIB;
/** Max size of a body with a thousand ids, or the scopes of a stream, bytes. */
export const LIST_BODY = 32 * KIB;
/** Max size of a body with a thousand events, bytes. */
export const EVENTS_BODY = 4 * KIB * KIB;

type Env = AppEnv & { Variables: { account: string } };

/**
 * Middleware that reads a route's body: up to `max` bytes within 15 s, and within the byte budgets of the caller and of
 * all. It follows the middleware that identifies the caller, and precedes the validators.
 *
 * @throws Problem `body-too-large`, `body-timeout`, `too-many-requests`, `overloaded`, `bad-request`
 */
export function jsonBody(max: number, timeoutMs = BODY_MS): MiddlewareHandler<Env> {
  const limited = bodyLimit({
    maxSize: max,
    onError: () => {
      throw tooLarge(max);
    },
  });
  return async (c, next) => {
    const { headers } = c.req.raw;
    const length = headers.has('transfer-encoding') ? undefined : Number(headers.get('content-length') ?? 0);
    const incoming = c.env?.incoming;
    // Without Node, or where a framework has read the body already.
    if (incoming === undefined || incoming.readableDidRead || 'rawBody' in incoming) return limited(c, next);
    if (length === 0) return next();
    const reservations: (() => void)[] = [];
    const reserve = (bytes: number) => {
      const release = c.var.callers?.bodies.take(c.var.account, bytes);
      if (release !== undefined) reservations.push(release);
    };
    try {
      const onReady = () => sendContinue(c, incoming);
      cacheText(c, await readText(incoming, { length, max, timeoutMs, reserve, onReady }));
      return await next();
    } finally {
      for (const release of reservations) release();
    }
  };
}

/** Whether a body of this `Content-Type` is JSON. */
export function isJson(contentType: string | undefined): boolean {
  return /^application\/json *(;|$)/i.test(contentType ?? '');
}

/** How a body is read. */
export interface BodyOptions {
  /** `Content-Length`; undefined where the body is chunked. */
  readonly length: number | undefined;
  /** Max size, bytes. */
  readonly max: number;
  readonly timeoutMs?: number;
  /** Called before that many bytes are read; may throw to refuse. */
  readonly reserve: (bytes: number) => void;
  /** Called when the body is about to be read. */
  readonly onReady?: () => void;
}

/** Reads the body of a request. @throws Problem `body-too-large`, `body-timeout`, `bad-request`, or as `reserve` */
export async function readText(
  incoming: IncomingMessage,
  { length, max, timeoutMs = BODY_MS, reserve, onReady }: BodyOptions,
): Promise<string> {
  if (length !== undefined && length > max) {
    if (!isExpectant(incoming)) await discard(incoming);
    throw tooLarge(max);
  }
  if (length !== undefined) reserve(length);
  onReady?.();
  const onSize = length === undefined ? inSteps(reserve) : undefined;
  const bytes = await collect(incoming, { length, max, onSize }, timeoutMs);
  if (bytes === undefined) {
    await discard(incoming);
    throw tooLarge(max);
  }
  return decodeBody(bytes);
}

function tooLarge(max: number): Problem {
  return new Problem('body-too-large', { detail: `at most ${max} bytes` });
}

/** For a body without `Content-Length`: reserves another step whenever the received bytes exceed the reserved ones. */
function inSteps(reserve: (bytes: number) => void): (size: number) => void {
  let reserved = 0;
  return (size) => {
    for (; reserved < size; reserved += RESERVED_STEP) reserve(RESERVED_STEP);
  };
}

/** Stores the text where Hono's validators read it. At run time that cache holds promises, unlike its type. */
function cacheText(c: Context<Env>, text: string): void {
  (c.req.bodyCache as { text?: unknown }).text = Promise.resolve(text);
}

function isExpectant(incoming: IncomingMessage): boolean {
  return /^100-continue$/i.test(incoming.headers.expect ?? '');
}

/** Sends `100 Continue` to a client that waits for it (RFC 9110 § 10.1.1). */
function sendContinue({ env }: Context<Env>, incoming: IncomingMessage): void {
  const outgoing = env?.outgoing;
  if (outgoing === undefined || !isExpectant(incoming) || incoming.httpVersion === '1.0') return;
  outgoing.writeContinue();
  outgoing.shouldKeepAlive = !/\bclose\b/i.test(incoming.headers.connection ?? '');
}

/** Receives a body. @returns undefined where it is longer than its max size */
function collect(
  incoming: IncomingMessage,
  bounds: BodyBounds,
  timeoutMs: number,
): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const receiver = new BodyReceiver(incoming, bounds, (bytes, error) => {
      clearTimeout(late);
      if (error === undefined) resolve(bytes);
      else reject(error);
    });
    const late = setTimeout(() => receiver.expire(), timeoutMs);
  });
}

/** Reads and drops the rest of a body: a client that is still sending would not receive the response. */
async function discard(incoming: IncomingMessage): Promise<void> {
  incoming.resume();
  await finished(incoming, { writable: false, signal: AbortSignal.timeout(DISCARD_MS) }).catch(() => {});
}
