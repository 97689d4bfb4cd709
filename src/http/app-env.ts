import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { Authenticate } from '../auth/identity.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { RequestBounds, RequestLimits } from './request-limits.ts';

/** What handlers find in their context. The bindings are absent where no Node server is in front of the app. */
export interface AppEnv {
  Bindings: Partial<HttpBindings>;
  Variables: {
    /** What CORS adds to the answer. */
    crossOriginHeaders: readonly (readonly [name: string, value: string])[];
    /** What identifies callers; undefined where the app serves nobody in particular. */
    callers: Callers | undefined;
  };
}

/** What identifies callers, and bounds what each may ask for. */
export interface Callers {
  readonly authenticate: Authenticate;
  readonly addressOf: (c: Context<AppEnv>) => string | undefined;
  readonly limits: RequestLimits;
  readonly bodies: ByteBudget;
  readonly bounds: {
    readonly user: RequestBounds;
    readonly service: RequestBounds;
    readonly address: RequestBounds;
  };
}
