import { createServer, type Server, STATUS_CODES } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { problemResponse } from '../http/problem-response.ts';
import type { Router } from '../http/router.ts';
import { Problem, type ProblemCode } from '../protocol/problem.ts';
import { ListenError } from './listen-error.ts';
import { oneAtATime } from './request-queue.ts';

/** How long ordinary requests may go on once the service stops, in ms. */
const LINGER_MS = 3_000;

/** What a connection may take its time with, ms, and how much its headers may weigh, bytes. */
const TIMES = {
  requestTimeout: 30_000,
  headersTimeout: 15_000,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16_384,
};

export interface HttpServer {
  readonly port: number;
  /** Accepts no more, lets ordinary requests finish for a moment, then cuts what is left. */
  close(): Promise<void>;
}

/** Listens for an app. `port` 0: any free one. @throws ListenError where that is not possible */
export async function listen(app: Router, address: { host: string; port: number }): Promise<HttpServer> {
  const listener = oneAtATime(
    getRequestListener(app.fetch, {
      // HTTP/1.0 needs no Host.
      hostname: 'localhost',
      errorHandler: () => problemResponse(new Problem('bad-request')),
      // The queue takes what is left of a body.
      autoCleanupIncoming: false,
    }),
  );
  const server = createServer(TIMES, listener);
  // Node would invite every body. Only a route that wants one does so; whoever was not invited keeps it, and the
  // connection ends with the answer.
  server.on('checkContinue', (incoming, outgoing) => {
    outgoing.shouldKeepAlive = false;
    listener(incoming, outgoing);
  });
  // Node would answer these by itself, past the queue. RFC 9110 § 10.1.1 allows to ignore an expectation.
  server.on('checkExpectation', listener);
  server.maxRequestsPerSocket = 0;
  server.on('clientError', answerMalformed);
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error) => reject(new ListenError(address.host, address.port, error));
    server.once('error', fail);
    server.listen({ port: address.port, host: address.host, backlog: 4_096 }, () => {
      server.off('error', fail);
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

/** What is no HTTP at all is answered as a problem, too, where the socket can still be written. */
function answerMalformed(error: NodeJS.ErrnoException, socket: Socket & { _httpMessage?: unknown }): void {
  // A response is under way on it (a stream, say): an answer in its midst would forge bytes of it.
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
