import { Problem } from '../protocol/problem.ts';
import type { Ready } from '../util/when-ready.ts';

/** Limits of one account, or of one address. */
export interface RequestBounds {
  /** Max requests in progress. */
  readonly running: number;
  /** Max requests that wait for one of those to end. */
  readonly waiting: number;
  /** Max requests per second, averaged over five seconds; 0: unlimited. */
  readonly perSecond: number;
}

/** Max burst, in seconds of the permitted rate. */
const BURST_S = 5;
/** Max time for which a request waits to begin, ms. */
const WAIT_MS = 5_000;
/** Interval at which idle accounts are evicted, ms. */
const SWEEP_MS = 2_000 * BURST_S;

interface Account {
  running: number;
  /** Undefined until a request waits. */
  waiting: Set<() => void> | undefined;
  /** Tokens of the bucket as of `at` (`performance.now()`). */
  tokens: number;
  at: number;
}

/** Rate and concurrency limiter per account: requests in progress, requests that wait, requests per second. */
export class RequestLimits {
  readonly #accounts = new Map<string, Account>();
  #sweeper: NodeJS.Timeout | undefined;

  /**
   * Gives a function to call when the request ends, as soon as it may begin: mostly at once. Rejects with each error.
   * @throws Problem `too-many-requests`
   */
  enter(key: string, bounds: RequestBounds): Ready<() => void> {
    const account = this.#account(key, bounds);
    const leave = () => {
      const [next] = account.waiting ?? [];
      if (next !== undefined) next();
      else account.running -= 1;
    };
    try {
      spend(account, bounds);
      if (account.running >= bounds.running) return waitForPlace(account, bounds).then(() => leave);
    } catch (error) {
      return Promise.reject(error);
    }
    account.running += 1;
    return leave;
  }

  #account(key: string, bounds: RequestBounds): Account {
    const known = this.#accounts.get(key);
    if (known !== undefined) return known;
    this.#sweeper ??= setTimeout(() => this.#sweep(), SWEEP_MS).unref();
    const account: Account = {
      running: 0,
      waiting: undefined,
      tokens: bounds.perSecond * BURST_S,
      at: performance.now(),
    };
    this.#accounts.set(key, account);
    return account;
  }

  #sweep(): void {
    const old = performance.now() - BURST_S * 1_000;
    for (const [key, { running, at }] of this.#accounts)
      if (running === 0 && at < old) this.#accounts.delete(key);
    this.#sweeper = this.#accounts.size === 0 ? undefined : setTimeout(() => this.#sweep(), SWEEP_MS).unref();
  }
}

/** Token bucket. */
function spend(account: Account, { perSecond }: RequestBounds): void {
  const now = performance.now();
  if (perSecond > 0) {
    const refilled = account.tokens + ((now - account.at) / 1_000) * perSecond;
    account.tokens = Math.min(perSecond * BURST_S, refilled);
  }
  account.at = now;
  if (perSecond === 0) return;
  if (account.tokens < 1) throw tooMany('more requests per second than one account may send');
  account.tokens -= 1;
}

/** Waits until a request in progress ends. */
function waitForPlace(account: Account, { waiting }: RequestBounds): Promise<void> {
  account.waiting ??= new Set();
  const queue = account.waiting;
  if (queue.size >= waiting) throw tooMany('more requests at once than one account may send');
  return new Promise((resolve, reject) => {
    const take = () => {
      clearTimeout(late);
      queue.delete(take);
      resolve();
    };
    const late = setTimeout(() => {
      queue.delete(take);
      reject(tooMany('the earlier requests of this account take too long'));
    }, WAIT_MS);
    queue.add(take);
  });
}

function tooMany(detail: string): Problem {
  return new Problem('too-many-requests', { detail, retryAfter: 1 });
}
