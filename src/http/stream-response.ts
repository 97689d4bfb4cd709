import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Context } from 'hono';
import type { UserIdentity } from '../auth/identity.ts';
import { Problem } from '../protocol/problem.ts';
import { openGzipSink } from '../stream/gzip-sink.ts';
import { carriesStream, openNodeSink } from '../stream/node-sink.ts';
import type { Sink } from '../stream/sink.ts';
import type { StreamOwner } from '../stream/stream.ts';
import { openWebSink } from '../stream/web-sink.ts';
import type { AppEnv } from './app-env.ts';
import type { Identified } from './callers.ts';
import { chooseEncoding } from './encoding.ts';

/** Context of routes that open streams. */
export type ListenerEnv = AppEnv & Identified<UserIdentity>;

/** Headers of every response that does not end. */
export const ENDLESS_HEADERS = {
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
} as const;

/** @throws Problem `stream-on-busy-connection` where the connection already carries a stream */
export function requireFreeConnection({ env }: Context<ListenerEnv>): void {
  const { incoming, outgoing } = env ?? {};
  if (incoming && outgoing && carriesStream(incoming)) throw new Problem('stream-on-busy-connection');
}

/**
 * Answers with a response that does not end, and hands its sink to `open`.
 *
 * @param gzip whether it is compressed where the client accepts that
 * @throws Problem `stream-on-busy-connection`
 */
export function streamResponse(
  c: Context<ListenerEnv>,
  own: Readonly<Record<string, string>>,
  open: (sink: Sink) => void,
  gzip = false,
): Response {
  requireFreeConnection(c);
  const { incoming, outgoing } = c.env ?? {};
  const headers = new Headers({ ...Object.fromEntries(c.var.crossOriginHeaders), ...own });
  if (incoming && outgoing) {
    if (outgoing.destroyed || incoming.socket.destroyed) return RESPONSE_ALREADY_SENT;
    const accepts = gzip && chooseEncoding(c.req.header('accept-encoding'), { gzip }) === 'gzip';
    if (accepts) headers.set('content-encoding', 'gzip');
    const sink = openNodeSink(incoming, outgoing, headers);
    open(accepts ? openGzipSink(sink) : sink);
    return RESPONSE_ALREADY_SENT;
  }
  const { sink, body } = openWebSink(c.req.raw.signal);
  open(sink);
  return new Response(body, { headers });
}

/** Owner of a stream that a request opens. @param address of the client */
export function streamOwnerOf(
  c: Context<ListenerEnv>,
  identity: UserIdentity,
  address: string | undefined,
): StreamOwner {
  return {
    userId: identity.userId,
    playerId: identity.playerId,
    role: identity.role,
    issuedAt: identity.issuedAt,
    ticketId: identity.ticket?.id,
    address,
    userAgent: c.req.header('user-agent'),
  };
}
