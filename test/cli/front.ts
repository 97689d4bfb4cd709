import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type RequestListener,
  request,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { onTestFinished } from 'vitest';

/** A small HTTP server, gone with the test. @returns its URL */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export interface Front {
  /** What becomes of the headers of an answer. */
  readonly headers?: (headers: IncomingHttpHeaders) => IncomingHttpHeaders;
  /** How the bytes of an answer pass. */
  readonly body?: (from: Readable, to: ServerResponse) => void;
}

/** A proxy before the service that does with its answers what proxies do. @returns its URL */
export function startFront(
  target: string,
  { headers = (same) => same, body = (from, to) => void from.pipe(to) }: Front,
): Promise<string> {
  return serve((incoming, outgoing) => {
    const { hostname, port } = new URL(target);
    const { method, url: path, headers: asked } = incoming;
    const upstream = request({ hostname, port, method, path, headers: asked }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, headers(answer.headers));
      body(answer, outgoing);
    });
    upstream.on('error', () => outgoing.destroy());
    outgoing.on('close', () => upstream.destroy());
    incoming.pipe(upstream);
  });
}

/** Passes on what it got when that is enough for it, or all of it. */
export function bufferUntil(bytes: number): Front {
  const body: Front['body'] = (from, to) => {
    to.flushHeaders();
    let held: Buffer[] = [];
    from.on('data', (chunk: Buffer) => {
      held.push(chunk);
      if (Buffer.concat(held).length < bytes) return;
      to.write(Buffer.concat(held));
      held = [];
    });
    from.on('end', () => to.end(Buffer.concat(held)));
  };
  return { body };
}

/** Compresses, and lets each write through at once: the friendliest way of compressing a stream. */
export const gzipped: Front = {
  headers: ({ 'content-length': _, ...headers }) => ({ ...headers, 'content-encoding': 'gzip' }),
  body: (from, to) => {
    const gzip = createGzip();
    from.on('data', (chunk) => {
      gzip.write(chunk);
      gzip.flush();
    });
    from.on('end', () => gzip.end());
    gzip.pipe(to);
  },
};
