import type { Connection } from '../connection.ts';
import type { ConnectionListener } from '../connection-listener.ts';
import type { Link } from '../link.ts';
import type { LiveError } from '../live-error.ts';
import { plainStatus } from '../status.ts';
import type { Clock, ConnectionStatus, Locks, PageChange, ScopeInput, TabChannel } from '../types.ts';
import { Leader } from './leader.ts';
import { isLeaderMessage, type Message } from './messages.ts';
import { Tab } from './tab.ts';

export interface SharedLinkOptions {
  readonly id: string;
  /** Of the lock and the channel: the same for tabs that may share. */
  readonly name: string;
  readonly locks: Locks;
  readonly openChannel: (name: string) => TabChannel;
  readonly pingMs: number;
  readonly scopes: readonly ScopeInput[];
  readonly cursor: () => string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  /** The service's time. */
  readonly serverNow: () => number;
  readonly listener: ConnectionListener;
  readonly openConnection: (
    listener: ConnectionListener,
    scopes: readonly ScopeInput[],
    cursor: () => string | undefined,
  ) => Connection;
}

/** After so many questions without an answer the leader is taken for dead, or frozen. */
const PATIENCE = 3;

/**
 * One connection for all tabs. Whoever holds the lock leads; the others are in its queue, so that one of them follows
 * when the leader's tab is closed. A leader that is frozen does not answer: then the lock is taken from it.
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
  /** Left because the page was about to go; it comes back if the page did not. */
  #away = false;

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
      // A page whose storage is blocked may have the constructor and not the channel.
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
    this.#ask();
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
      this.#away ||= this.#channel !== undefined;
      this.#leave();
    } else if (change === 'returning') {
      if (this.#away) this.connect();
      this.#away = false;
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
      // Another leads: the lock's word, that this one no longer does, is on its way.
      if (message.term > this.#term) this.#stepDown();
      this.tab.receive(message);
    } else this.#leader?.receive(message);
  }

  /** Asks to lead: in turn, or at once in place of a leader that does not answer. */
  #queue(steal = false): void {
    this.#queued?.abort();
    const queued = new AbortController();
    this.#queued = queued;
    const { locks, name } = this.#options;
    const options = steal ? { steal } : { signal: queued.signal };
    const over = (error?: unknown) => {
      if (this.#queued !== queued) return;
      this.#stepDown();
      // The lock was taken from us; any other error says that there are no locks to be had here.
      if (error === undefined || (error as Error).name === 'AbortError') this.#queue();
      else this.#leadAlone();
    };
    const asked = async () =>
      locks.request(name, options, () => (queued.signal.aborted ? Promise.resolve() : this.#lead()));
    asked().then(() => over(), over);
  }

  /** A connection of its own, without a word to other tabs. */
  #leadAlone(): void {
    this.#channel?.close();
    this.#channel = { postMessage: () => {}, onmessage: null, close: () => {} };
    void this.#lead();
  }

  /** Leads until it resigns. */
  #lead(): Promise<void> {
    const { clock, id, listener, serverNow, openConnection } = this.#options;
    this.#term = Math.max(this.tab.term + 1, clock.now());
    const over = new Promise<void>((resolve) => {
      this.#resign = resolve;
    });
    this.#leader = new Leader({
      tab: id,
      clock,
      serverNow,
      openConnection,
      post: (word) => {
        const message = { ...word, term: this.#term } as Message;
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
    return over;
  }

  #stepDown(): void {
    const leader = this.#leader;
    this.#leader = undefined;
    leader?.stop();
    if (leader) this.tab.detach();
    this.#resign();
  }

  /** Out of the shared connection, so that another tab leads; `connect` comes back to it. */
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

  /** Asks the leader now and then whether it is there. */
  #ask(): void {
    const { clock, pingMs, random, id } = this.#options;
    this.#timer = clock.setTimeout(
      () => {
        if (!this.#leader) {
          if (this.tab.unanswered >= PATIENCE) {
            this.tab.unanswered = 0;
            this.#queue(true);
          } else {
            this.tab.unanswered++;
            this.#channel?.postMessage({ kind: 'ping', tab: id } satisfies Message);
          }
        }
        this.#ask();
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
