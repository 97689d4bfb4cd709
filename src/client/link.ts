import type { PageChange, ScopeInput } from './types.ts';

/** A client's connection: its own, or one that tabs share. */
export interface Link {
  /** Connects now, in place of any attempt or wait. */
  connect(): void;
  /** @throws LiveError when all of the scopes are refused; the previous ones are then kept */
  renew(scopes: readonly ScopeInput[]): Promise<void>;
  /** Requests the refused scopes again. @throws LiveError */
  retryRefused(): Promise<void>;
  /** @throws LiveError */
  refresh(): Promise<void>;
  pageChanged(change: PageChange): void;
  /** Closes it permanently. */
  close(): void;
}
