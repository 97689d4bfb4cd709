import { isListedOrigin } from '../auth/origin.ts';
import type { HttpConfig } from '../config/config.ts';
import type { LogPublisher } from '../events/log-publisher.ts';
import { type AppDeps, createApp } from '../http/app.ts';
import type { Callers } from '../http/app-env.ts';
import type { DirectHandler } from '../http/direct.ts';
import { openDirectly } from '../http/open-directly.ts';
import { problemResponse } from '../http/problem-response.ts';
import { publishDirectly } from '../http/publish-directly.ts';
import type { Router } from '../http/router.ts';
import type { StreamOpeningDeps } from '../http/stream-opening.ts';
import { Problem } from '../protocol/problem.ts';
import type { Streams } from '../stream/streams.ts';
import type { FailureLog } from './failure-log.ts';
import { type HttpServer, listen } from './http-server.ts';
import type { Part } from './parts.ts';
import type { Shutdown } from './shutdown.ts';

export interface HttpDeps extends Pick<AppDeps, 'version' | 'routers'> {
  readonly callers: Callers;
  readonly publisher: Pick<LogPublisher, 'publishUnchecked'>;
  readonly openings: StreamOpeningDeps;
  readonly streams: Pick<Streams, 'close'>;
  readonly shutdown: Pick<Shutdown, 'begun'>;
  readonly failures: FailureLog;
  readonly config: HttpConfig;
  /** Number of this process among those of one port. */
  readonly worker: number | undefined;
}

export interface Http extends Part {
  readonly app: Router;
  /**
   * Listens at the configured address; resolves with the port.
   * @throws ListenError
   */
  listen(): Promise<number>;
}

/** Paths that report the state of one process: through a port that several share, a random one of them answers. */
const PROCESS_PATHS: ReadonlySet<string> = new Set(['/health', '/ready', '/metrics']);

/** Opens the app of all routes. It accepts connections from `listen` on. */
export function openHttp(options: HttpDeps): Http {
  const { streams, shutdown, failures, config, worker, publisher, openings, ...given } = options;
  const servers: HttpServer[] = [];
  let closed = false;
  const deps = {
    ...given,
    isAllowedOrigin: (origin: string) => isListedOrigin(config.origins, origin),
    onError: (error: unknown, request: { method: string; path: string }) =>
      failures.report('a request failed', `${request.method} ${request.path}`, error, request),
  };
  const app = createApp(deps);
  const publish = publishDirectly({ ...deps, publisher });
  const open = openDirectly({ ...deps, openings });
  const direct: DirectHandler = (...exchange) => publish(...exchange) || open(...exchange);
  return {
    app,
    async listen() {
      const { host, port, workerPorts } = config;
      const isLeaving = () => shutdown.begun;
      if (workerPorts !== undefined) {
        const own = workerPorts + (worker ?? 1) - 1;
        servers.push(await listen(operatorApp(app), { host, port: own, exclusive: true, isLeaving }));
      }
      const server = await listen(app, { host, port, isLeaving, direct });
      servers.push(server);
      // The service was closed while the port was being opened.
      if (closed) await Promise.all(servers.map((open) => open.close()));
      return server.port;
    },
    async close() {
      closed = true;
      // The server closes only after its streams do: both begin now, and no further stream is opened.
      const done = Promise.all(servers.map((server) => server.close()));
      streams.close();
      await done;
    },
  };
}

/** The part of an app that operators read of one process. */
function operatorApp(app: Router): Pick<Router, 'fetch'> {
  return {
    fetch: (request, ...rest) =>
      PROCESS_PATHS.has(new URL(request.url).pathname)
        ? app.fetch(request, ...rest)
        : problemResponse(new Problem('not-found')),
  };
}
