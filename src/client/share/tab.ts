import type { Scope } from '../../protocol/scope.ts';
import type { ConnectionListener } from '../connection-listener.ts';
import { Deferred } from '../deferred.ts';
import { identityChanged, LiveError } from '../live-error.ts';
import { plainStatus } from '../status.ts';
import type { ConnectionStatus, ScopeInput } from '../types.ts';
import { type Ask, type LeaderMessage, type TabMessage, unpackError, unpackStatus } from './messages.ts';

export interface TabOptions {
  readonly id: string;
  readonly scopes: readonly ScopeInput[];
  /** Where this tab stands in the log. */
  readonly cursor: () => string | undefined;
  readonly listener: ConnectionListener;
  /** To the leader. */
  readonly send: (message: TabMessage) => void;
  readonly role: () => ConnectionStatus['role'];
  /** What it has to have is refused, or the stream is another player's. */
  readonly onRefused: (error: LiveError) => void;
}

interface Pending extends Ask {
  readonly waiting: Deferred;
}

/**
 * A tab's side of a shared connection, also in the tab that leads. It has told the leader what it wants, and either waits
 * for a stream that fulfils that, or has `joined` and takes what the leader passes on, in order and without a gap.
 */
export class Tab {
  readonly #options: TabOptions;
  /** The present leader's. */
  term = 0;
  /** Questions that the leader has not answered. */
  unanswered = 0;
  #scopes: readonly ScopeInput[];
  /** What it listens to on the present stream. */
  #active: readonly ScopeInput[] = [];
  /** What the leader's connection was refused. */
  #refused: ReadonlySet<ScopeInput> = new Set();
  #me: Scope | undefined;
  #joined = false;
  #seq = 0;
  #asks = 0;
  #pending: Pending | undefined;

  constructor(options: TabOptions) {
    this.#options = options;
    this.#scopes = options.scopes;
  }

  /** Whether what this scope brings is for this tab. */
  accepts(scope: Scope): boolean {
    const plain = scope.replace(/:real$/, '') as Scope;
    return this.#active.includes(plain) || (scope === this.#me && this.#active.includes('player:me'));
  }

  /** Whether it listens to anything. */
  get listens(): boolean {
    return this.#scopes.length > 0;
  }

  /** Tells the leader what this tab wants, from where it stands. */
  hello(fresh = false, again = false): void {
    const { id, cursor, send } = this.#options;
    if (!this.listens) {
      this.#rest();
      return;
    }
    const newBoard = this.#scopes.some(
      (scope) => isBoard(scope) && !this.#active.includes(scope) && !this.#refused.has(scope),
    );
    const ask: Ask = {
      tab: id,
      ask: ++this.#asks,
      scopes: this.#scopes,
      // What is asked for from now on must not begin later than what was asked for before.
      cursor: this.#pending?.cursor ?? cursor(),
      fresh: fresh || newBoard || this.#pending?.fresh === true,
      again: again || this.#pending?.again === true,
    };
    this.#pending = { ...ask, waiting: this.#pending?.waiting ?? new Deferred() };
    send({ kind: 'hello', ...ask });
  }

  /** @throws LiveError when all of the scopes are refused; the previous ones are then kept */
  renew(scopes: readonly ScopeInput[]): Promise<void> {
    // What another tab was refused is asked for again by one that takes it up.
    const again = scopes.some((scope) => !this.#scopes.includes(scope) && this.#refused.has(scope));
    this.#scopes = scopes;
    this.hello(true, again);
    return this.#pending?.waiting.promise ?? Promise.resolve();
  }

  /** @throws LiveError */
  async retryRefused(): Promise<void> {
    if (!this.#scopes.some((scope) => this.#refused.has(scope))) return;
    this.hello(true, true);
    await this.#pending?.waiting.promise;
  }

  /** It no longer hears the leader: whatever is passed on meanwhile is not for it. */
  detach(): void {
    this.#joined = false;
  }

  receive(message: LeaderMessage): void {
    if (message.term < this.term) return;
    this.unanswered = 0;
    if (message.term > this.term) {
      this.term = message.term;
      this.detach();
      this.hello();
    }
    const { id, listener, role } = this.#options;
    if (message.to !== undefined && message.to !== id) return;
    switch (message.kind) {
      case 'pong':
        if (!message.known) this.hello();
        break;
      case 'begin':
        this.#begin(message);
        break;
      case 'frames':
        if (this.#follows(message.seq)) for (const frame of message.frames) listener.frame(frame);
        break;
      case 'problem':
        listener.problem(unpackError(message.error));
        break;
      case 'refused':
        this.#onRefused(message.ask, unpackError(message.error));
        break;
      case 'status': {
        const whole = unpackStatus(message.status, role());
        this.#refused = new Set(whole.refused.map(({ scope }) => scope));
        if (!this.listens) break;
        const status = {
          ...whole,
          refused: whole.refused.filter(({ scope }) => this.#scopes.includes(scope)),
        };
        const streaming = status.state === 'open' || status.state === 'catching-up';
        listener.status(streaming && !this.#joined ? { ...status, state: 'connecting' } : status);
      }
    }
  }

  /** It waits for nothing any more: who waits is told why. */
  close(error = new LiveError('closed', 'the connection is closed')): void {
    this.#pending?.waiting.reject(error);
    this.#pending = undefined;
    this.detach();
  }

  #begin(message: Extract<LeaderMessage, { kind: 'begin' }>): void {
    const { id, listener } = this.#options;
    const pending = this.#pending;
    const mine = message.answers.some(({ tab, ask }) => tab === id && ask === pending?.ask);
    if (!mine && (message.to !== undefined || !this.#follows(message.seq))) return;
    const { me, open } = message;
    this.#me ??= me;
    if (me !== undefined && me !== this.#me) {
      const error = identityChanged();
      this.close(error);
      this.#options.onRefused(error);
      return;
    }
    const brings = (scope: ScopeInput) =>
      open.scopes.some((one) => one === (scope === 'player:me' ? me : scope));
    if (!mine && !this.#active.every(brings)) {
      // The leader took this tab for gone: asked now, from where it stands, it misses nothing.
      this.detach();
      this.hello();
      return;
    }
    if (mine && pending) {
      this.#active = pending.scopes.filter(brings);
      this.#pending = undefined;
      this.#joined = true;
      this.#seq = message.seq;
    }
    const scopes = open.scopes.filter((scope) => this.accepts(scope));
    listener.begin({ ...open, scopes }, message.frame);
    if (mine) pending?.waiting.resolve();
  }

  /** Whether this is the next that was passed on. After a gap the leader is asked for what is missing. */
  #follows(seq: number): boolean {
    if (!this.#joined) return false;
    if (seq === this.#seq + 1) {
      this.#seq = seq;
      return true;
    }
    this.detach();
    this.hello();
    return false;
  }

  /** It wants nothing: the leader forgets it, until it does. */
  #rest(): void {
    const { id, listener, role, send } = this.#options;
    this.#pending?.waiting.resolve();
    this.#pending = undefined;
    this.#active = [];
    if (this.#joined) send({ kind: 'bye', tab: id });
    this.detach();
    listener.status(plainStatus('idle', role()));
  }

  #onRefused(ask: number, error: LiveError): void {
    const pending = this.#pending;
    if (pending?.ask !== ask) return;
    this.#pending = undefined;
    pending.waiting.reject(error);
    const before = this.#active.length > 0 ? this.#active : this.#options.scopes;
    if (!this.#joined && this.#scopes === before) this.#options.onRefused(error);
    else {
      this.#scopes = before;
      if (!this.#joined) this.hello();
    }
  }
}

function isBoard(scope: ScopeInput): boolean {
  return scope.endsWith(':leaderboard');
}
