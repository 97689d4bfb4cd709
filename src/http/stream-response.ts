import type { IncomingMessage, ServerResponse } from 'node:http';
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

/** Headers of a stream of server-sent events. */
export const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  vary: 'accept-encoding',
  ...ENDLESS_HEADERS,
} as const;

/** Node's objects of an exchange; absent where no Node server is in front of the app. */
interface Exchange {
  readonly env?: { readonly incoming?: IncomingMessage; readonly outgoing?: ServerResponse } | undefined;
}

/** @throws Problem `stream-on-busy-connection` where the connection already carries a stream */
export function requireFreeConnection({ env }: Exchange): void {
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
  const headers = [...c.var.crossOriginHeaders, ...Object.entries(own)];
  if (incoming && outgoing) {
    const accepts = gzip && acceptsGzip(c.req.header('accept-encoding'));
    openOnNode(incoming, outgoing, headers.flat(), open, accepts);
    return RESPONSE_ALREADY_SENT;
  }
  const { sink, body } = openWebSink(c.req.raw.signal);
  open(sink);
  return new Response(body, { headers: new Headers(Object.fromEntries(headers)) });
}

/** Whether a client accepts gzip. @param accepted `Accept-Encoding` */
export function acceptsGzip(accepted: string | undefined): boolean {
  return accepted !== undefined && chooseEncoding(accepted, { gzip: true }) === 'gzip';
}

/**
 * Sends the head of a response that does not end, and hands its sink to `open`; nothing where the client disconnected.
 *
 * @param headers names and values in turn
 */
export function openOnNode(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  headers: readonly string[],
  open: (sink: Sink) => void,
  gzip: boolean,
): void {
  if (outgoing.destroyed || incoming.socket.destroyed) return;
  if (!gzip) open(openNodeSink(incoming, outgoing, headers));
  else open(openGzipSink(openNodeSink(incoming, outgoing, [...headers, 'content-encoding', 'gzip'])));
}

/** Owner of a stream that a request opens. @param address of the client */
export function streamOwnerOf(
  req: { header(name: string): string | undefined },
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
    userAgent: req.header('user-agent'),
  };
}
