import type { ServerResponse } from 'node:http';
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
import type { AuthRequest } from '../auth/origin.ts';
import { Problem } from '../protocol/problem.ts';
import type { Admission } from '../stream/admission.ts';
import { type Ready, whenReady } from '../util/when-ready.ts';
import type { AddressOf, AppEnv, Callers } from './app-env.ts';
import { ByteBudget } from './byte-budget.ts';
import { RequestLimits } from './request-limits.ts';

/** Max bytes of all request bodies in memory; of one account, half of it. */
const MAX_BODY_BYTES = 128 * 1024 * 1024;

export function createCallers(options: Pick<Callers, 'authenticate' | 'addressOf' | 'bounds'>): Callers {
  const bodies = new ByteBudget(MAX_BODY_BYTES, MAX_BODY_BYTES / 2);
  return { ...options, limits: new RequestLimits(), bodies };
}

/** Context of a route behind `identified`: the identity, and the key that its requests are counted under. */
export interface Identified<I extends Identity> {
  Variables: {
    identity: I;
    account: string;
    /** Passes the request's place in the admission control to the next. Harmless twice; the end of the request does it, too. */
    release: () => void;
  };
}

type Precondition<I extends Identity> = (identity: Identity) => I;

/** Makes the response to a refused caller; `undefined`: the error itself is the response. */
export type Refuse = (error: unknown, c: Context<AppEnv>) => Response | undefined;

interface Options {
  /** Whether `?ticket=` is accepted. */
  readonly tickets?: boolean;
  /** Whether a token is also accepted as the password of HTTP basic authentication. */
  readonly basic?: boolean;
  /** Whether the account is read anew: what it opens may stay open. */
  readonly fresh?: boolean;
  readonly refuse?: Refuse;
  /** Admission control of the route, behind the limits of the account. */
  readonly admission?: Pick<Admission, 'enter'>;
}

/**
 * Middleware that authenticates the caller as `c.var.identity` and enforces the limits of its account. It precedes the
 * validators of its route: no body is read of a caller who is refused.
 *
 * @throws Problem of `Authenticate` and of the guard, and `too-many-requests`
 */
function identified<I extends Identity>(
  guard: Precondition<I>,
  options: Options = {},
): MiddlewareHandler<AppEnv & Identified<I>> {
  return async (c, next) => {
    c.set('release', () => {});
    const { refuse, admission, ...accepted } = options;
    let entered: Entered<I>;
    try {
      const request = { headers: c.req.raw.headers, url: new URL(c.req.url), method: c.req.method };
      entered = await enterAs(callersOf(c), request, guard, {
        ...accepted,
        async admit() {
          const release = await admission?.enter(() => c.env?.outgoing?.destroyed === true);
          if (release !== undefined) c.set('release', release);
          return release;
        },
      });
    } catch (error) {
      const refused = refuse?.(error, c as unknown as Context<AppEnv>);
      if (refused === undefined) throw error;
      return refused;
    }
    c.set('account', entered.account);
    c.set('identity', entered.identity);
    try {
      requireConnection(c.env?.outgoing);
      await next();
    } finally {
      entered.leave();
    }
  };
}

/** Caller whose request has begun. */
export interface Entered<I extends Identity> {
  readonly identity: I;
  /** Key that its requests are counted under. */
  readonly account: string;
  /** Ends the request for the limits of the account. */
  readonly leave: () => void;
}

interface EnterOptions extends Pick<Options, 'tickets' | 'basic' | 'fresh'> {
  /** Further admission, behind the limits of the account; gives what ends it. */
  readonly admit?: () => Ready<(() => void) | undefined>;
}

/**
 * Authenticates the caller of a request, who must pass `guard`, and enters the limits of its account: at once where nothing
 * has to be waited for. Rejects with each error.
 *
 * @throws Problem of `Authenticate` and of the guard, and `too-many-requests`
 */
export function enterAs<I extends Identity>(
  { authenticate, limits, bounds }: Callers,
  request: AuthRequest,
  guard: Precondition<I>,
  { tickets = false, basic = false, fresh = false, admit }: EnterOptions = {},
): Ready<Entered<I>> {
  let account = '';
  let leaveLimits: (() => void) | undefined;
  let leaveAdmission: (() => void) | undefined;
  const leave = () => {
    leaveAdmission?.();
    leaveLimits?.();
    leaveAdmission = leaveLimits = undefined;
  };
  // Before the account is read from the database, so that refused requests count, too.
  const enter = (caller: AccountId) => {
    account = accountOf(caller);
    return whenReady(limits.enter(account, bounds[caller.kind]), (entered) => {
      leaveLimits = entered;
      if (admit === undefined) return;
      return whenReady(admit(), (admitted) => {
        leaveAdmission = admitted;
      });
    });
  };
  const accept = (identity: Identity): Entered<I> => ({ identity: guard(identity), account, leave });
  const refuse = (error: unknown): Promise<never> => {
    leave();
    return Promise.reject(error);
  };
  try {
    const identity = authenticate(request, { tickets, basic, fresh, admit: enter });
    return identity instanceof Promise ? identity.then(accept).catch(refuse) : accept(identity);
  } catch (error) {
    return refuse(error);
  }
}

export const asUser = identified(requireUser);
export const asPlayer = identified((identity) => requirePlayer(requireUser(identity)));
export const asAdmin = identified(requireAdmin);
export const asService = identified(requireService);
export const asMetricsReader = identified(requireMetricsReader);

/** Users, also by HTTP basic authentication: tools of contests know no other. */
export const asToolUser = identified(requireUser, { basic: true });

/** Tools of contests that may open feeds, also with a ticket. */
export function asToolListener(admission: Pick<Admission, 'enter'>) {
  return identified(requireListener, { tickets: true, basic: true, fresh: true, admission });
}

/** Callers who may open streams, also with a ticket. */
export function asListener(refuse: Refuse, admission: Pick<Admission, 'enter'>) {
  return identified(requireListener, { tickets: true, fresh: true, refuse, admission });
}

/** Callers without identity, limited by address. Requests in process have no address and no limit. */
export const asAnybody: MiddlewareHandler<AppEnv & { Variables: { account: string } }> = async (c, next) => {
  const { limits, bounds, addressOf } = callersOf(c);
  const address = addressOf(c);
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

/** @throws Problem `bad-request` where the client disconnected while its request waited */
export function requireConnection(outgoing: ServerResponse | undefined): void {
  if (outgoing?.destroyed) throw new Problem('bad-request');
}

/**
 * Reads the client's address. Of `X-Forwarded-For` only the entries count that trusted proxies added: with `trusted`
 * proxies in front, the client is the entry that the outermost one wrote.
 */
export function addressOf(trusted: number): AddressOf {
  return ({ req, env }) => {
    // Read only where it counts: of a connection, it is a call of the system.
    const direct = () => env?.incoming?.socket.remoteAddress;
    if (trusted === 0) return direct();
    const forwarded =
      req
        .header('x-forwarded-for')
        ?.split(',')
        .map((entry) => entry.trim()) ?? [];
    return forwarded.at(-trusted) || direct();
  };
}

/** Network that requests are counted by: an IPv4 address, or the /64 of an IPv6 address, which one customer has. */
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
