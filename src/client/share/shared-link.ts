import type { Connection } from '../connection.ts';
import type { ConnectionListener } from '../connection-options.ts';
import type { Link } from '../link.ts';
import type { LiveError } from '../live-error.ts';
import { plainStatus } from '../status.ts';
import type { Clock, ConnectionStatus, Locks, PageChange, ScopeInput, TabChannel } from '../types.ts';
import { Leader } from './leader.ts';
import { isLeaderMessage, type Message } from './messages.ts';
import { Tab } from './tab.ts';

export interface SharedLinkOptions {
  readonly id: string;
  /** Name of the lock and of the channel: the same for all tabs that may share. */
  readonly name: string;
  readonly locks: Locks;
  readonly openChannel: (name: string) => TabChannel;
  readonly pingMs: number;
  readonly scopes: readonly ScopeInput[];
  readonly cursor: () => string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  /** The service's time, ms since 1970. */
  readonly serverNow: () => number;
  readonly listener: ConnectionListener;
  readonly openConnection: (
    listener: ConnectionListener,
    scopes: readonly ScopeInput[],
    cursor: () => string | undefined,
  ) => Connection;
}

/** Unanswered pings after which the leader counts as dead or frozen. */
const MAX_UNANSWERED_PINGS = 3;

/**
 * One connection for all tabs. The tab that holds the lock is the leader; the others queue for the lock, so that one of
 * them succeeds when the leader's tab is closed. A frozen leader answers no pings: a follower then steals the lock.
 */
export class SharedLink implements Link {
  readonly tab: Tab;
  readonly #options: SharedLinkOptions;
  #channel: TabChannel | undefined;
  #leader: Leader | undefined;
  #term = 0;
  #resign = () => {};
  #queued: AbortController | undefined;
  #timer: unknown;
  /** Whether the link was left on `leaving`; `returning` connects it again. */
  #leftOnUnload = false;

  constructor(options: SharedLinkOptions) {
    const { id, scopes, cursor, listener } = options;
    this.#options = options;
    this.tab = new Tab({
      id,
      scopes,
      cursor,
      listener,
      send: (message) => {
        if (this.#leader) this.#leader.receive(message);
        else this.#channel?.postMessage(message);
      },
      role: () => this.#role,
      onRefused: (error) => {
        this.#leave();
        this.#publishStatus('closed', error);
      },
    });
  }

  connect(): void {
    if (this.#channel) {
      if (this.#leader) this.#leader.receive({ kind: 'reconnect', tab: this.#options.id });
      else this.#channel.postMessage({ kind: 'reconnect', tab: this.#options.id } satisfies Message);
      return;
    }
    let channel: TabChannel;
    try {
      channel = this.#options.openChannel(this.#options.name);
    } catch {
      // Where storage is blocked, the constructor may exist and throw.
      this.#publishStatus('connecting');
      this.tab.hello();
      this.#leadAlone();
      return;
    }
    this.#channel = channel;
    channel.onmessage = ({ data }) => this.#receive(data as Message);
    this.#publishStatus('connecting');
    this.tab.hello();
    this.#queue();
    this.#schedulePing();
  }

  renew(scopes: readonly ScopeInput[]): Promise<void> {
    return this.tab.renew(scopes);
  }

  retryRefused(): Promise<void> {
    return this.tab.retryRefused();
  }

  async refresh(): Promise<void> {
    if (this.#leader) await this.#leader.refresh();
    else this.#channel?.postMessage({ kind: 'refresh', tab: this.#options.id } satisfies Message);
  }

  pageChanged(change: PageChange): void {
    if (change === 'leaving') {
      this.#leftOnUnload ||= this.#channel !== undefined;
      this.#leave();
    } else if (change === 'returning') {
      if (this.#leftOnUnload) this.connect();
      this.#leftOnUnload = false;
    } else if (this.#leader) this.#leader.pageChanged(change);
    else if (change === 'visible')
      this.#channel?.postMessage({ kind: 'wake', tab: this.#options.id } satisfies Message);
  }

  close(): void {
    this.#leave();
    this.tab.close();
    this.#publishStatus('closed');
  }

  #receive(message: Message): void {
    if (isLeaderMessage(message)) {
      // Another tab leads: the loss of the lock has not been reported here yet.
      if (message.term > this.#term) this.#stepDown();
      this.tab.receive(message);
    } else this.#leader?.receive(message);
  }

  /** Requests the lock: in its queue, or with `steal` at once from a leader that does not answer. */
  #queue(steal = false): void {
    this.#queued?.abort();
    const queued = new AbortController();
    this.#queued = queued;
    const { locks, name } = this.#options;
    const options = steal ? { steal } : { signal: queued.signal };
    const released = (error?: unknown) => {
      if (this.#queued !== queued) return;
      this.#stepDown();
      // `AbortError`: the lock was stolen. Any other error: locks are not available here.
      if (error === undefined || (error as Error).name === 'AbortError') this.#queue();
      else this.#leadAlone();
    };
    const acquire = async () =>
      locks.request(name, options, () => (queued.signal.aborted ? Promise.resolve() : this.#lead()));
    acquire().then(() => released(), released);
  }

  /** Leads without a channel: a connection for this tab alone. */
  #leadAlone(): void {
    this.#channel?.close();
    this.#channel = { postMessage: () => {}, onmessage: null, close: () => {} };
    void this.#lead();
  }

  /** Starts to lead. The promise holds the lock: it resolves on `#resign`. */
  #lead(): Promise<void> {
    const { clock, id, listener, serverNow, openConnection } = this.#options;
    this.#term = Math.max(this.tab.term + 1, clock.now());
    const resigned = new Promise<void>((resolve) => {
      this.#resign = resolve;
    });
    this.#leader = new Leader({
      tab: id,
      clock,
      serverNow,
      openConnection,
      post: (body) => {
        const message = { ...body, term: this.#term } as Message;
        this.#channel?.postMessage(message);
        if (isLeaderMessage(message)) queueMicrotask(() => this.tab.receive(message));
      },
      listens: () => this.tab.listens,
      onRefused: (status) => {
        this.#leave();
        this.tab.close(status.error);
        listener.status(status);
      },
    });
    return resigned;
  }

  #stepDown(): void {
    const leader = this.#leader;
    this.#leader = undefined;
    leader?.stop();
    if (leader) this.tab.detach();
    this.#resign();
  }

  /** Leaves the shared connection, so that another tab leads; `connect` joins it again. */
  #leave(): void {
    const { clock, id } = this.#options;
    clock.clearTimeout(this.#timer);
    this.#queued?.abort();
    this.#queued = undefined;
    this.#stepDown();
    const channel = this.#channel;
    channel?.postMessage({ kind: 'bye', tab: id } satisfies Message);
    channel?.close();
    this.#channel = undefined;
    this.tab.detach();
  }

  /** Pings the leader every `pingMs` ± 25 %, while this tab is a follower. */
  #schedulePing(): void {
    const { clock, pingMs, random, id } = this.#options;
    this.#timer = clock.setTimeout(
      () => {
        if (!this.#leader) {
          if (this.tab.unanswered >= MAX_UNANSWERED_PINGS) {
            this.tab.unanswered = 0;
            this.#queue(true);
          } else {
            this.tab.unanswered++;
            this.#channel?.postMessage({ kind: 'ping', tab: id } satisfies Message);
          }
        }
        this.#schedulePing();
      },
      pingMs * (0.75 + random() / 2),
    );
  }

  get #role(): ConnectionStatus['role'] {
    return this.#leader ? 'leader' : 'follower';
  }

  #publishStatus(state: 'connecting' | 'closed', error?: LiveError): void {
    this.#options.listener.status(plainStatus(state, this.#role, error));
  }
}
