import type { IncomingMessage } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import type { Authenticate } from '../auth/identity.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { RequestBounds, RequestLimits } from './request-limits.ts';

/** Context of handlers. The bindings are absent where no Node server is in front of the app. */
export interface AppEnv {
  Bindings: Partial<HttpBindings>;
  Variables: {
    /** Headers that CORS adds to the response. */
    crossOriginHeaders: readonly (readonly [name: string, value: string])[];
    /** Undefined where the app has no routes that need a caller. */
    callers: Callers | undefined;
  };
}

/** Reads the address of a request's client; undefined where the request came without a connection. */
export type AddressOf = (request: {
  readonly req: { header(name: string): string | undefined };
  readonly env?: { readonly incoming?: Pick<IncomingMessage, 'socket'> } | undefined;
}) => string | undefined;

/** Identifies callers, and limits what each may request. */
export interface Callers {
  readonly authenticate: Authenticate;
  readonly addressOf: AddressOf;
  readonly limits: RequestLimits;
  readonly bodies: ByteBudget;
  readonly bounds: {
    readonly user: RequestBounds;
    readonly service: RequestBounds;
    readonly address: RequestBounds;
  };
}
