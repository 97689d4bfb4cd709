import type { ScopeInput, SurroundingsChange } from './types.ts';

/** What keeps a client connected: a connection of its own, or its part in one that tabs share. */
export interface Link {
  /** Tries at once, whatever was under way. */
  connect(): void;
  /** @throws LiveError when all of the scopes are refused; what was before is then kept */
  renew(scopes: readonly ScopeInput[]): Promise<void>;
  /** Asks again for what was refused. @throws LiveError */
  retryRefused(): Promise<void>;
  /** @throws LiveError */
  refresh(): Promise<void>;
  notice(change: SurroundingsChange): void;
  /** For good. */
  close(): void;
}
