import type { Context, MiddlewareHandler } from 'hono';
import {
  requireAdmin,
  requireListener,
  requireMetricsReader,
  requirePlayer,
  requireService,
  requireUser,
} from '../auth/guards.ts';
import type { AccountId, Identity } from '../auth/identity.ts';
import { Problem } from '../protocol/problem.ts';
import type { AppEnv, Callers } from './app-env.ts';
import { ByteBudget } from './byte-budget.ts';
import { RequestLimits } from './request-limits.ts';

/** What the bodies of all requests may occupy at once, bytes; of one account half of it. */
const MAX_BODY_BYTES = 128 * 1024 * 1024;

export function createCallers(options: Pick<Callers, 'authenticate' | 'addressOf' | 'bounds'>): Callers {
  const bodies = new ByteBudget(MAX_BODY_BYTES, MAX_BODY_BYTES / 2);
  return { ...options, limits: new RequestLimits(), bodies };
}

/** Where the context has the identity, and under which key its requests are counted. */
export interface Identified<I extends Identity> {
  Variables: { identity: I; account: string };
}

type Precondition<I extends Identity> = (identity: Identity) => I;

/** The answer to a caller who cannot be let in now; `undefined`: the error itself. */
export type Refuse = (error: unknown, c: Context<AppEnv>) => Response | undefined;

interface Options {
  /** Whether `?ticket=` is accepted. */
  readonly tickets?: boolean;
  readonly refuse?: Refuse;
}

/**
 * Middleware that puts the caller into `c.var.identity`, and lets it in when its account's bounds allow. It stands before
 * the validators of its route: nothing of a body is read for a caller who is refused.
 *
 * @throws Problem of `Authenticate` and of the guard, and `too-many-requests`
 */
function identified<I extends Identity>(
  guard: Precondition<I>,
  options: Options = {},
): MiddlewareHandler<AppEnv & Identified<I>> {
  return async (c, next) => {
    let leave: (() => void) | undefined;
    const { authenticate, limits, bounds } = callersOf(c);
    // Before the database is asked about the account: also those whose every request is refused are bounded.
    const admit = async (caller: AccountId) => {
      const account = accountOf(caller);
      c.set('account', account);
      leave = await limits.enter(account, bounds[caller.kind]);
    };
    try {
      const request = { headers: c.req.raw.headers, url: new URL(c.req.url), method: c.req.method };
      c.set('identity', guard(await authenticate(request, { tickets: options.tickets === true, admit })));
    } catch (error) {
      leave?.();
      const refused = options.refuse?.(error, c as unknown as Context<AppEnv>);
      if (refused === undefined) throw error;
      return refused;
    }
    try {
      requirePresence(c as unknown as Context<AppEnv>);
      await next();
    } finally {
      leave?.();
    }
  };
}

export const asUser = identified(requireUser);
export const asPlayer = identified((identity) => requirePlayer(requireUser(identity)));
export const asAdmin = identified(requireAdmin);
export const asService = identified(requireService);
export const asMetricsReader = identified(requireMetricsReader);

/** Whoever may open streams, also with a ticket. */
export function asListener(refuse: Refuse) {
  return identified(requireListener, { tickets: true, refuse });
}

/** Callers who need no identity, bounded by address. In process there is none, and no bound. */
export const asAnybody: MiddlewareHandler<AppEnv & { Variables: { account: string } }> = async (c, next) => {
  const { limits, bounds, addressOf } = callersOf(c);
  const address = addressOf(c as unknown as Context<AppEnv>);
  const account = `address:${address === undefined ? '' : networkOf(address)}`;
  c.set('account', account);
  if (address === undefined) return next();
  const leave = await limits.enter(account, bounds.address);
  try {
    await next();
  } finally {
    leave();
  }
};

function callersOf(c: { readonly var: AppEnv['Variables'] }): Callers {
  const { callers } = c.var;
  if (callers === undefined) throw new Error('createApp was given no callers.');
  return callers;
}

function accountOf(caller: AccountId): string {
  return caller.kind === 'user' ? `user:${caller.userId}` : `service:${caller.name}`;
}

/** @throws Problem `bad-request` where the client left while it waited: nobody would read the answer. */
function requirePresence({ env }: Context<AppEnv>): void {
  if (env?.outgoing?.destroyed) throw new Problem('bad-request');
}

/** Of an IPv6 address its /64: that is what one customer has. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  if (address.startsWith('::ffff:') && address.includes('.')) return address.slice('::ffff:'.length);
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array.from({ length: Math.max(0, zeros) }, () => '0'), ...after]
    .slice(0, 4)
    .join(':');
}
