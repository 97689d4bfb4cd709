import { createServer, type Server, STATUS_CODES } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { DirectHandler } from '../http/direct.ts';
import { problemResponse } from '../http/problem-response.ts';
import type { Router } from '../http/router.ts';
import { Problem, type ProblemCode } from '../protocol/problem.ts';
import { ListenError } from './listen-error.ts';
import { serializePerSocket } from './request-queue.ts';

/** Max time for which requests other than streams may continue once the server closes, ms. */
const LINGER_MS = 3_000;

/** Timeouts of a connection, ms, and the max size of its headers, bytes. */
const SERVER_OPTIONS = {
  requestTimeout: 30_000,
  headersTimeout: 15_000,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16_384,
};

export interface ListenOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Whether a worker listens by itself, not at a port that all workers share. Default false. */
  readonly exclusive?: boolean;
  /** Whether connections end with the response: their clients send the next request to another node. */
  readonly isLeaving?: () => boolean;
  /** Asked before the app. */
  readonly direct?: DirectHandler;
}

export interface HttpServer {
  readonly port: number;
  /** Stops listening, waits up to 3 s for requests in progress, then destroys the remaining connections. */
  close(): Promise<void>;
}

/** Starts an HTTP server for an app. @throws ListenError */
export async function listen(app: Pick<Router, 'fetch'>, options: ListenOptions): Promise<HttpServer> {
  const { host, port, exclusive = false, isLeaving = () => false, direct = () => false } = options;
  const answer = getRequestListener(app.fetch, {
    // For HTTP/1.0 requests, which need no Host.
    hostname: 'localhost',
    errorHandler: () => problemResponse(new Problem('bad-request')),
    // The request queue discards the rest of a body.
    autoCleanupIncoming: false,
  });
  const listener = serializePerSocket((incoming, outgoing) => {
    if (isLeaving()) outgoing.shouldKeepAlive = false;
    return direct(incoming, outgoing) || answer(incoming, outgoing);
  });
  const server = createServer(SERVER_OPTIONS, listener);
  // Node would send 100 Continue to every request; here only a route that reads a body does. A client that gets none
  // keeps its body, so the connection closes after the response.
  server.on('checkContinue', (incoming, outgoing) => {
    outgoing.shouldKeepAlive = false;
    listener(incoming, outgoing);
  });
  // Node would answer these itself, bypassing the queue. RFC 9110 § 10.1.1 allows to ignore an expectation.
  server.on('checkExpectation', listener);
  server.maxRequestsPerSocket = 0;
  server.on('clientError', answerMalformed);
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error) => reject(new ListenError(options, error));
    server.once('error', fail);
    server.listen({ port, host, exclusive, backlog: 4_096 }, () => {
      server.off('error', fail);
      // A connection that could not be accepted, where descriptors or memory are short. The others go on.
      server.on('error', () => {});
      resolve();
    });
  });
  return { port: (server.address() as AddressInfo).port, close: () => closeServer(server) };
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), LINGER_MS);
  await closed;
  clearTimeout(cut);
}

/** Answers malformed HTTP with a problem, where the socket is still writable. */
function answerMalformed(error: NodeJS.ErrnoException, socket: Socket & { _httpMessage?: unknown }): void {
  // Where a response is in progress, such as a stream, another one would corrupt it.
  if (error.code === 'ECONNRESET' || !socket.writable || socket._httpMessage) {
    socket.destroy();
    return;
  }
  const code: ProblemCode = error.code === 'HPE_HEADER_OVERFLOW' ? 'too-many-headers' : 'bad-request';
  const problem = new Problem(code);
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}\r\nconnection: close\r\n` +
      `content-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
