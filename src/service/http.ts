import { isListedOrigin } from '../auth/origin.ts';
import type { HttpConfig } from '../config/config.ts';
import { type AppDeps, createApp } from '../http/app.ts';
import type { Router } from '../http/router.ts';
import type { Streams } from '../stream/streams.ts';
import type { FailureLog } from './failure-log.ts';
import { type HttpServer, listen } from './http-server.ts';
import type { Part } from './parts.ts';
import type { Shutdown } from './shutdown.ts';

export interface HttpDeps extends Pick<AppDeps, 'version' | 'callers' | 'routers'> {
  readonly streams: Pick<Streams, 'close'>;
  readonly shutdown: Pick<Shutdown, 'begun'>;
  readonly failures: FailureLog;
  readonly config: HttpConfig;
}

export interface Http extends Part {
  readonly app: Router;
  /**
   * Listens where the configuration says; resolves with the port.
   * @throws ListenError
   */
  listen(): Promise<number>;
}

/** Opens the app of all routes. It accepts connections from `listen` on. */
export function openHttp({ streams, shutdown, failures, config, ...deps }: HttpDeps): Http {
  let server: HttpServer | undefined;
  let closed = false;
  const app = createApp({
    ...deps,
    isAllowedOrigin: (origin) => isListedOrigin(config.origins, origin),
    onError: (error, request) =>
      failures.report('a request failed', `${request.method} ${request.path}`, error, request),
  });
  return {
    app,
    async listen() {
      server = await listen(app, { ...config, isLeaving: () => shutdown.begun });
      // The service was closed while the port was being opened.
      if (closed) await server.close();
      return server.port;
    },
    async close() {
      closed = true;
      // The server closes only after its streams do: both begin now, and no further stream is opened.
      const done = server?.close();
      streams.close();
      await done;
    },
  };
}
