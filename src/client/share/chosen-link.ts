import type { ConnectionListener } from '../connection-options.ts';
import { Deferred } from '../deferred.ts';
import type { Link } from '../link.ts';
import { connectionClosed, type LiveError, networkError } from '../live-error.ts';
import { type ReconnectBounds, reconnectDelay } from '../reconnect-delay.ts';
import { plainStatus } from '../status.ts';
import type { Clock, PageChange, ScopeInput } from '../types.ts';

export interface ChosenLinkOptions {
  readonly listener: ConnectionListener;
  readonly clock: Clock;
  readonly random: () => number;
  readonly backoff: ReconnectBounds;
}

/**
 * Link whose kind, shared or own, is chosen on the first `connect`, because it depends on the identity in the token. While
 * no token can be obtained, the choice is retried with the backoff of a lost connection.
 */
export class ChosenLink implements Link {
  readonly #options: ChosenLinkOptions;
  readonly #choose: () => Promise<Link>;
  readonly #chosen = new Deferred<Link>();
  #link: Link | undefined;
  #choosing = false;
  #started = false;
  #closed = false;
  #failures = 0;
  #timer: unknown;

  /** @param choose rejects while the link cannot be chosen, e.g. without a token */
  constructor(options: ChosenLinkOptions, choose: () => Promise<Link>) {
    this.#options = options;
    this.#choose = choose;
  }

  connect(): void {
    this.#started = true;
    if (this.#link) this.#link.connect();
    else void this.#try();
  }

  async renew(scopes: readonly ScopeInput[]): Promise<void> {
    await (await this.#chosen.promise).renew(scopes);
  }

  async retryRefused(): Promise<void> {
    await this.#link?.retryRefused();
  }

  async refresh(): Promise<void> {
    await this.#link?.refresh();
  }

  pageChanged(change: PageChange): void {
    if (this.#link) this.#link.pageChanged(change);
    else if (this.#started && change !== 'hidden' && change !== 'leaving' && change !== 'offline')
      void this.#try();
  }

  close(): void {
    const { listener, clock } = this.#options;
    this.#closed = true;
    clock.clearTimeout(this.#timer);
    if (this.#link) this.#link.close();
    else listener.status(plainStatus('closed'));
    this.#chosen.reject(connectionClosed());
  }

  async #try(): Promise<void> {
    const { listener, clock } = this.#options;
    if (this.#choosing || this.#closed) return;
    this.#choosing = true;
    clock.clearTimeout(this.#timer);
    listener.status({ ...plainStatus('connecting'), failures: this.#failures });
    try {
      const link = await this.#choose();
      if (this.#closed) return;
      this.#link = link;
      this.#chosen.resolve(link);
      link.connect();
    } catch (error) {
      if (!this.#closed) this.#wait(networkError(error));
    } finally {
      this.#choosing = false;
    }
  }

  #wait(error: LiveError): void {
    const { listener, clock, random, backoff } = this.#options;
    const failures = ++this.#failures;
    const wait = reconnectDelay(
      { failures, reason: undefined, askedMs: error.retryAfterMs },
      backoff,
      random,
    );
    this.#timer = clock.setTimeout(() => void this.#try(), wait);
    listener.problem(error);
    listener.status({ ...plainStatus('waiting', 'leader', error), failures, retryAt: clock.now() + wait });
  }
}
