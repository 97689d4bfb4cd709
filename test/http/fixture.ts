import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import type { Callers } from '../../src/http/app-env.ts';
import { createCallers } from '../../src/http/callers.ts';
import type { DirectHandler } from '../../src/http/direct.ts';
import type { Router } from '../../src/http/router.ts';
import { type HttpServer, listen } from '../../src/service/http-server.ts';

/** Max requests of an account in progress. */
export const RUNNING = 4;
const BOUNDS = { running: RUNNING, waiting: 0, perSecond: 0 };

/** What the app and a direct handler are given. */
export interface BothPathsDeps {
  readonly callers: Callers;
  readonly isAllowedOrigin: (origin: string) => boolean;
  readonly onError: (error: unknown, request: { method: string; path: string }) => void;
}

/** Answer to a request, and the errors that were reported for it. */
interface Outcome {
  readonly answer: WireAnswer;
  readonly reports: readonly string[];
  /** Whether the app was asked. */
  readonly byApp: boolean;
}

/** Two servers for the tests of a file: one asks the direct handler before the app, the other has the app alone. */
export function onBothPaths(options: {
  readonly authenticate: Callers['authenticate'];
  readonly routers: () => readonly Router[];
  readonly direct: (deps: BothPathsDeps) => DirectHandler;
}) {
  const servers: HttpServer[] = [];
  const reports: string[] = [];
  let byApp = 0;
  beforeAll(async () => {
    const { authenticate } = options;
    const bounds = { user: BOUNDS, service: BOUNDS, address: BOUNDS };
    const deps: BothPathsDeps = {
      callers: createCallers({ authenticate, addressOf: () => undefined, bounds }),
      isAllowedOrigin: (origin) => origin === 'https://allowed.example',
      onError: (error, { method, path }) => void reports.push(`${method} ${path}: ${error}`),
    };
    const app = createApp({ ...deps, version: '0', routers: options.routers() });
    const counted = {
      fetch: (...args: Parameters<typeof app.fetch>) => {
        byApp++;
        return app.fetch(...args);
      },
    };
    const at = { host: '127.0.0.1', port: 0 };
    servers.push(await listen(counted, { ...at, direct: options.direct(deps) }), await listen(app, at));
  });
  afterAll(() => Promise.all(servers.map((server) => server.close())));

  /**
   * @param until text after which the client closes the connection of a response that does not end
   * @param size bytes per packet; left out: all at once
   */
  async function ask(
    server: HttpServer | undefined,
    request: string,
    until?: string,
    size?: number,
  ): Promise<Outcome> {
    const before = { byApp, reports: reports.length };
    const answer = await askPort(server?.port ?? 0, request, until, size);
    return { answer, reports: reports.slice(before.reports), byApp: byApp > before.byApp };
  }
  return {
    direct: (request: string, until?: string, size?: number) => ask(servers[0], request, until, size),
    ordinary: (request: string, until?: string) => ask(servers[1], request, until),
  };
}

interface WireAnswer {
  readonly status: string | undefined;
  /** Without the date. */
  readonly headers: readonly string[];
  readonly body: string | undefined;
}

/** Response as it comes over the wire. */
async function askPort(
  port: number,
  request: string,
  until?: string,
  size = request.length,
): Promise<WireAnswer> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8').setNoDelay(true);
  let text = '';
  await new Promise<void>((resolve, reject) => {
    socket.on('close', () => resolve()).on('error', reject);
    socket.on('data', (chunk) => {
      text += chunk;
      if (until !== undefined && text.includes(until)) socket.destroy();
    });
    void send(socket, request, size);
  });
  const [head = '', ...bodies] = text.split('\r\n\r\n');
  // Of several responses, the body of each but the last runs into the head of the next.
  const body = bodies.length === 0 ? undefined : bodies.join('\r\n\r\n');
  const [status, ...lines] = head.split('\r\n');
  const headers = lines
    .map((line) => line.replace(/^[^:]+/, (name) => name.toLowerCase()))
    .filter((line) => !line.startsWith('date:'));
  return { status, headers: headers.sort(), body };
}

/** Sends a request in packets of `size` characters. */
async function send(socket: Socket, request: string, size: number): Promise<void> {
  for (let at = 0; at < request.length; at += size) {
    socket.write(request.slice(at, at + size));
    await new Promise(setImmediate);
  }
}
