import { Problem } from '../protocol/problem.ts';

/** What one account, or one address, may ask for. */
export interface RequestBounds {
  /** Requests in work at once. */
  readonly running: number;
  /** Requests that wait for one of those to end. */
  readonly waiting: number;
  /** Requests a second, on average over five seconds; 0: any. */
  readonly perSecond: number;
}

/** Length of a burst that is let through at once, in seconds of the permitted rate. */
const BURST_S = 5;
/** How long a request waits for its turn, ms. */
const WAIT_MS = 5_000;
/** Accounts remembered before those are dropped that ask for nothing now. */
const SWEEP_AT = 10_000;

interface Account {
  running: number;
  readonly waiting: Set<() => void>;
  /** Requests that may still come at once, as of `at` (`performance.now()`). */
  tokens: number;
  at: number;
}

/** Bounds the work that each account causes: a few requests at once, a few more that wait, and a rate. */
export class RequestLimits {
  readonly #accounts = new Map<string, Account>();
  #sweepAt = SWEEP_AT;

  /**
   * Resolves with a function that ends the request, once it may begin.
   * @throws Problem `too-many-requests`
   */
  async enter(key: string, bounds: RequestBounds): Promise<() => void> {
    const account = this.#account(key, bounds);
    spend(account, bounds);
    if (account.running >= bounds.running) await turn(account, bounds);
    else account.running += 1;
    return () => {
      const [next] = account.waiting;
      if (next !== undefined) next();
      else account.running -= 1;
    };
  }

  #account(key: string, bounds: RequestBounds): Account {
    const known = this.#accounts.get(key);
    if (known !== undefined) return known;
    if (this.#accounts.size >= this.#sweepAt) this.#sweep();
    const account = {
      running: 0,
      waiting: new Set<() => void>(),
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
    // Where most are in use, the next sweep waits until they have doubled: each costs as much as there are accounts.
    this.#sweepAt = Math.max(SWEEP_AT, 2 * this.#accounts.size);
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
  if (account.tokens < 1) throw tooMany('more requests a second than one account may send');
  account.tokens -= 1;
}

/** Waits for the place of a request that ends. */
function turn(account: Account, { waiting }: RequestBounds): Promise<void> {
  if (account.waiting.size >= waiting) throw tooMany('more requests at once than one account may send');
  return new Promise((resolve, reject) => {
    const take = () => {
      clearTimeout(late);
      account.waiting.delete(take);
      resolve();
    };
    const late = setTimeout(() => {
      account.waiting.delete(take);
      reject(tooMany('the requests before this one take too long'));
    }, WAIT_MS);
    account.waiting.add(take);
  });
}

function tooMany(detail: string): Problem {
  return new Problem('too-many-requests', { detail, retryAfter: 1 });
}
