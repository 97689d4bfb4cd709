import type { IncomingMessage } from 'node:http';
import { finished } from 'node:stream/promises';
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { Problem } from '../protocol/problem.ts';
import type { AppEnv } from './app-env.ts';

/** How long a body may take, ms. */
const BODY_MS = 15_000;
/** How long the rest of one that is too large is taken, ms. */
const DISCARD_MS = 5_000;
const KIB = 1_024;
/** What is reserved at a time for a body whose length is not announced, bytes. */
const RESERVED_STEP = 64 * KIB;

/** For a few fields. */
export const SMALL_BODY = 4 * KIB;
/** For a thousand ids, or the scopes of a stream. */
export const LIST_BODY = 32 * KIB;
/** For a thousand events. */
export const EVENTS_BODY = 4 * KIB * KIB;

type Env = AppEnv & { Variables: { account: string } };

/**
 * Middleware that reads a route's body: up to `max` bytes within 15 s, and as far as the budget of the caller and of all
 * allows. It stands behind the one that says who is calling, and before the validators.
 *
 * @throws Problem `body-too-large`, `body-timeout`, `too-many-requests`, `overloaded`, `bad-request`
 */
export function jsonBody(max: number, timeoutMs = BODY_MS): MiddlewareHandler<Env> {
  const tooLarge = () => {
    throw new Problem('body-too-large', { detail: `at most ${max} bytes` });
  };
  const limited = bodyLimit({ maxSize: max, onError: tooLarge });
  return async (c, next) => {
    const { headers } = c.req.raw;
    const length = headers.has('transfer-encoding') ? undefined : Number(headers.get('content-length') ?? 0);
    const incoming = c.env?.incoming;
    // Without Node, or behind a framework that has read it already, the body is there.
    if (incoming === undefined || incoming.readableDidRead || 'rawBody' in incoming) return limited(c, next);
    if (length === 0) return next();
    if (length !== undefined && length > max) {
      if (!isExpectant(incoming)) await discard(incoming);
      return tooLarge();
    }
    const taken: (() => void)[] = [];
    const reserve = (bytes: number) => {
      const giveBack = c.var.callers?.bodies.take(c.var.account, bytes);
      if (giveBack !== undefined) taken.push(giveBack);
    };
    try {
      if (length !== undefined) reserve(length);
      invite(c, incoming);
      const bytes = await collect(
        incoming,
        max,
        timeoutMs,
        length === undefined ? inSteps(reserve) : undefined,
      );
      if (bytes === undefined) {
        await discard(incoming);
        return tooLarge();
      }
      keepText(c, new TextDecoder().decode(bytes));
      return await next();
    } finally {
      for (const giveBack of taken) giveBack();
    }
  };
}

/** For a body whose length is not announced: reserves a step more whenever what has come exceeds what is reserved. */
function inSteps(reserve: (bytes: number) => void): (size: number) => void {
  let reserved = 0;
  return (size) => {
    for (; reserved < size; reserved += RESERVED_STEP) reserve(RESERVED_STEP);
  };
}

/** Where Hono looks for a body that was read before. It keeps promises there, whatever its types say. */
function keepText(c: Context<Env>, text: string): void {
  (c.req.bodyCache as { text?: unknown }).text = Promise.resolve(text);
}

function isExpectant(incoming: IncomingMessage): boolean {
  return /^100-continue$/i.test(incoming.headers.expect ?? '');
}

/** Tells a client that waits for it to send the body (RFC 9110 § 10.1.1). */
function invite({ env }: Context<Env>, incoming: IncomingMessage): void {
  const outgoing = env?.outgoing;
  if (outgoing === undefined || !isExpectant(incoming) || incoming.httpVersion === '1.0') return;
  outgoing.writeContinue();
  outgoing.shouldKeepAlive = !/\bclose\b/i.test(incoming.headers.connection ?? '');
}

/**
 * @param onSize called with the bytes that have come so far; an error of it ends the body
 * @returns the body; undefined where it is longer than `max`
 */
function collect(
  incoming: IncomingMessage,
  max: number,
  timeoutMs: number,
  onSize: (size: number) => void = () => {},
): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const done = (settle: () => void) => {
      clearTimeout(late);
      incoming.off('data', take).off('end', end).off('close', cut);
      settle();
    };
    const take = (chunk: Buffer) => {
      size += chunk.length;
      if (size > max) return done(() => resolve(undefined));
      chunks.push(chunk);
      try {
        onSize(size);
      } catch (error) {
        done(() => reject(error));
      }
    };
    const end = () => done(() => resolve(Buffer.concat(chunks)));
    const cut = () => done(() => reject(new Problem('bad-request')));
    const late = setTimeout(() => done(() => reject(new Problem('body-timeout'))), timeoutMs);
    incoming
      .on('data', take)
      .on('end', end)
      .on('close', cut)
      .on('error', () => {});
  });
}

/** Takes what is still to come: a client that is busy sending would miss the answer. */
async function discard(incoming: IncomingMessage): Promise<void> {
  incoming.resume();
  await finished(incoming, { writable: false, signal: AbortSignal.timeout(DISCARD_MS) }).catch(() => {});
}
