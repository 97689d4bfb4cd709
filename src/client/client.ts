import type { LiveApi } from './api-types.ts';
import type { Emitter } from './emitter.ts';
import type { Link } from './link.ts';
import type { Progress } from './progress.ts';
import type { ServerClock } from './server-clock.ts';
import { plainStatus } from './status.ts';
import type {
  ConnectionState,
  ConnectionStatus,
  LiveClient,
  LiveEvents,
  PageLifecycle,
  ScopeInput,
} from './types.ts';

export interface ClientParts {
  readonly scopes: readonly ScopeInput[];
  readonly emitter: Emitter<LiveEvents>;
  readonly progress: Progress;
  readonly serverClock: ServerClock;
  readonly pageLifecycle: PageLifecycle;
  readonly link: Link;
  readonly api: LiveApi;
  /** Saves the cursor now. */
  readonly flush: () => void;
}

/** Client of an application: status, scopes and listeners over a link. */
export class Client implements LiveClient {
  readonly api: LiveApi;
  readonly #parts: ClientParts;
  #status = plainStatus('idle');
  #accepted: readonly ScopeInput[];
  #scopes: readonly ScopeInput[];
  #changing: Promise<void> | undefined;
  #unwatch: (() => void) | undefined;
  #closed = false;

  constructor(parts: ClientParts) {
    this.#parts = parts;
    this.#scopes = parts.scopes;
    this.#accepted = parts.scopes;
    this.api = parts.api;
  }

  get state(): ConnectionState {
    return this.#status.state;
  }

  get status(): ConnectionStatus {
    return this.#status;
  }

  get scopes(): readonly ScopeInput[] {
    return this.#scopes;
  }

  get cursor(): string | undefined {
    return this.#parts.progress.cursor;
  }

  serverNow(): number {
    return this.#parts.serverClock.now();
  }

  subscribe(listener: () => void): () => void {
    return this.#parts.emitter.on('state', () => listener());
  }

  on<K extends keyof LiveEvents>(event: K, listener: (value: LiveEvents[K]) => void): () => void {
    return this.#parts.emitter.on(event, listener);
  }

  /** Publishes the status that the link reports. */
  setStatus(status: ConnectionStatus): void {
    this.#status = status;
    this.#parts.emitter.emit('state', status);
  }

  async setScopes(wanted: readonly ScopeInput[]): Promise<void> {
    const scopes = [...new Set(wanted)];
    if (sameScopes(scopes, this.#scopes)) return this.#changing;
    this.#scopes = scopes;
    const changing = this.#parts.link.renew(scopes);
    this.#changing = changing;
    try {
      await changing;
      this.#accepted = scopes;
    } catch (error) {
      if (this.#scopes === scopes) this.#scopes = this.#accepted;
      throw error;
    } finally {
      if (this.#changing === changing) this.#changing = undefined;
    }
  }

  retryRefused(): Promise<void> {
    return this.#parts.link.retryRefused();
  }

  resync(): Promise<void> {
    return this.#parts.link.renew(this.#scopes);
  }

  refresh(): Promise<void> {
    return this.#parts.link.refresh();
  }

  reconnect(): void {
    if (!this.#closed) this.#begin();
  }

  start(): void {
    if (!this.#closed && !this.#unwatch) this.#begin();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unwatch?.();
    this.#parts.flush();
    this.#parts.link.close();
    this.#parts.emitter.clear();
  }

  #begin(): void {
    const { pageLifecycle, link, flush } = this.#parts;
    this.#unwatch ??= pageLifecycle.watch((change) => {
      if (change === 'hidden' || change === 'leaving') flush();
      link.pageChanged(change);
    });
    link.connect();
  }
}

function sameScopes(some: readonly ScopeInput[], others: readonly ScopeInput[]): boolean {
  return some.length === others.length && some.every((scope) => others.includes(scope));
}
