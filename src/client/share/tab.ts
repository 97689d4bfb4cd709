import type { Scope } from '../../protocol/scope.ts';
import type { ConnectionListener } from '../connection-options.ts';
import { Deferred } from '../deferred.ts';
import { connectionClosed, identityChanged, type LiveError } from '../live-error.ts';
import { plainStatus } from '../status.ts';
import type { ConnectionStatus, ScopeInput } from '../types.ts';
import {
  type JoinRequest,
  type LeaderMessage,
  type TabMessage,
  unpackError,
  unpackStatus,
} from './messages.ts';

export interface TabOptions {
  readonly id: string;
  readonly scopes: readonly ScopeInput[];
  /** The tab's cursor. */
  readonly cursor: () => string | undefined;
  readonly listener: ConnectionListener;
  /** Sends a message to the leader. */
  readonly send: (message: TabMessage) => void;
  readonly role: () => ConnectionStatus['role'];
  /** Called when the tab's first scopes are refused, or the stream is another player's. */
  readonly onRefused: (error: LiveError) => void;
}

interface Pending extends JoinRequest {
  readonly waiting: Deferred;
}

/**
 * Tab's side of a shared connection, in the leader's tab too. After its request to the leader it either waits for a stream
 * that fulfils it, or has joined one and accepts the relayed frames, in order and without a gap.
 */
export class Tab {
  readonly #options: TabOptions;
  /** Term of the current leader. */
  term = 0;
  /** Pings since the last message of the leader. */
  unanswered = 0;
  #scopes: readonly ScopeInput[];
  /** The tab's scopes on the current stream. */
  #active: readonly ScopeInput[] = [];
  /** Scopes that were refused to the leader's connection. */
  #refused: ReadonlySet<ScopeInput> = new Set();
  #me: Scope | undefined;
  #joined = false;
  #seq = 0;
  #requests = 0;
  #pending: Pending | undefined;

  constructor(options: TabOptions) {
    this.#options = options;
    this.#scopes = options.scopes;
  }

  /** Whether events of this scope are for this tab. */
  accepts(scope: Scope): boolean {
    // What is for a role comes with `global`.
    const plain = scope
      .replace(/^(players|admins|companies)$/, 'global')
      .replace(/:(real|shown|hidden)$/, '') as Scope;
    return this.#active.includes(plain) || (scope === this.#me && this.#active.includes('player:me'));
  }

  /** Whether the tab has any scopes. */
  get listens(): boolean {
    return this.#scopes.length > 0;
  }

  /** Requests the tab's scopes from its cursor. Without scopes it leaves the stream. */
  hello(fresh = false, again = false): void {
    const { id, cursor, send } = this.#options;
    if (!this.listens) {
      this.#leave();
      return;
    }
    const newLeaderboard = this.#scopes.some(
      (scope) => isLeaderboard(scope) && !this.#active.includes(scope) && !this.#refused.has(scope),
    );
    const request: JoinRequest = {
      tab: id,
      ask: ++this.#requests,
      scopes: this.#scopes,
      // A request that replaces a pending one must not begin after it.
      cursor: this.#pending?.cursor ?? cursor(),
      fresh: fresh || newLeaderboard || this.#pending?.fresh === true,
      again: again || this.#pending?.again === true,
    };
    this.#pending = { ...request, waiting: this.#pending?.waiting ?? new Deferred() };
    send({ kind: 'hello', ...request });
  }

  /** @throws LiveError when all of the scopes are refused; the previous ones are then kept */
  renew(scopes: readonly ScopeInput[]): Promise<void> {
    // A scope that was refused to another tab is requested again when this tab adds it.
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

  /** Leaves the stream: frames that are relayed until the next join are ignored. */
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

  /** Rejects the pending request with `error` and leaves the stream. */
  close(error = connectionClosed()): void {
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
    const covers = (scope: ScopeInput) =>
      open.scopes.some((one) => one === (scope === 'player:me' ? me : scope));
    if (!mine && !this.#active.every(covers)) {
      // The leader has expired this tab: a new request from its cursor misses nothing.
      this.detach();
      this.hello();
      return;
    }
    if (mine && pending) {
      this.#active = pending.scopes.filter(covers);
      this.#pending = undefined;
      this.#joined = true;
      this.#seq = message.seq;
    }
    const scopes = open.scopes.filter((scope) => this.accepts(scope));
    listener.begin({ ...open, scopes }, message.frame);
    if (mine) pending?.waiting.resolve();
  }

  /** Whether `seq` is the next message. After a gap the tab requests its scopes again from its cursor. */
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

  /** Leaves the stream because the tab has no scopes; the leader drops its membership. */
  #leave(): void {
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

function isLeaderboard(scope: ScopeInput): boolean {
  return scope.endsWith(':leaderboard');
}
