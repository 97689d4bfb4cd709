import type { Cell, CellsSnapshot } from '../protocol/cells.ts';
import type { CaughtUp, CloseReason, StreamClose, StreamOpen } from '../protocol/control.ts';
import type { EventName, EventType, Notification } from '../protocol/event.ts';
import type { LeaderboardRow, LeaderboardSnapshot } from '../protocol/leaderboard.ts';
import type { Scope } from '../protocol/scope.ts';
import type { LiveApi } from './api-types.ts';
import type { LiveError } from './live-error.ts';

/** Scope of a request; `player:me` is the player of the token. */
export type ScopeInput = Scope | 'player:me';

/**
 * - `idle`: not started, or without scopes;
 * - `connecting`: a stream is requested and has not begun;
 * - `catching-up`: it has begun, and missed events are being replayed;
 * - `open`: events are live;
 * - `waiting`: the connection is lost; the next attempt is at `retryAt`;
 * - `offline`: the browser reports no network; the next attempt is made when it reports one;
 * - `closed`: closed by the application, or refused for good (`error`, `closeReason`).
 */
export type ConnectionState =
  | 'idle'
  | 'connecting'
  | 'catching-up'
  | 'open'
  | 'waiting'
  | 'offline'
  | 'closed';

/** Requested scope that the stream does not have: refused, or beyond the limit (`too-many-scopes`). */
export interface RefusedScope {
  readonly scope: ScopeInput;
  readonly error: LiveError;
}

/** Immutable status of the connection: each change creates a new object. */
export interface ConnectionStatus {
  readonly state: ConnectionState;
  /** Time of the next attempt while `waiting`, ms since 1970 by the client's clock. */
  readonly retryAt: number | undefined;
  /** Failed attempts since a stream last caught up. */
  readonly failures: number;
  /** The last error; cleared when a stream has caught up. */
  readonly error: LiveError | undefined;
  /** Reason that the service gave for closing the last stream; cleared when a stream has caught up. */
  readonly closeReason: CloseReason | undefined;
  readonly streamId: string | undefined;
  /** Requested scopes that the open stream does not have. */
  readonly refused: readonly RefusedScope[];
  /** `leader`: this tab holds the connection; `follower`: another tab relays to it. Without sharing always `leader`. */
  readonly role: 'leader' | 'follower';
}

/** Reason for requesting a token: none yet, the current one expires, it was refused, or a request needs one. */
export type TokenReason = 'connect' | 'expiring' | 'refused' | 'request';
/** Provides a token. A rejection is retried with backoff. `undefined`: no token, use the cookie. */
export type GetToken = (reason: TokenReason) => string | undefined | Promise<string | undefined>;
/** Provides a ticket for these scopes from the application's own server. */
export type GetTicket = (scopes: readonly ScopeInput[]) => string | Promise<string>;

/** Storage for cursors: `sessionStorage`, `localStorage`, or a compatible object. */
export type CursorStorage = Pick<Storage, 'getItem' | 'setItem'>;

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds of a monotonic clock with any origin. Default: `now`. */
  elapsed?(): number;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** `leaving`: the page is about to be unloaded or frozen; `returning`: it was restored. */
export type PageChange = 'online' | 'offline' | 'visible' | 'hidden' | 'leaving' | 'returning';

/** Source of page lifecycle changes. Default: the window's events, where there is a window. */
export interface PageLifecycle {
  readonly online: boolean;
  /** Calls `callback` on each change. Returns the function that stops it. */
  watch(callback: (change: PageChange) => void): () => void;
}

/** Subset of `LockManager` that sharing needs. */
export interface Locks {
  request(
    name: string,
    options: { signal?: AbortSignal; steal?: boolean },
    callback: () => Promise<void>,
  ): Promise<void>;
}
/** Subset of `BroadcastChannel` that sharing needs. */
export interface TabChannel {
  postMessage(message: unknown): void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  close(): void;
}

export interface ShareOptions {
  readonly locks?: Locks;
  readonly openChannel?: (name: string) => TabChannel;
  /** Interval between a follower's pings to the leader, ms; after three without an answer it takes over. Default 2,000. */
  readonly pingMs?: number;
}

export interface ConnectOptions {
  /** Base URL of the service, e.g. `https://live.example.org` or, in a page, `/live`. */
  readonly url: string | URL;
  /** May be empty: the client then connects on the first `setScopes` with scopes. */
  readonly scopes: readonly ScopeInput[];
  /** Types to receive. Default: all. */
  readonly types?: readonly EventType[];
  /** Provides the platform's token. Without it and without `getTicket`, the platform's cookie is used. */
  readonly getToken?: GetToken;
  readonly getTicket?: GetTicket;
  /** Default: `fetch` with a token; otherwise the browser's `EventSource`, if it has one. */
  readonly transport?: 'fetch' | 'eventsource';
  /**
   * Identity of the user. It is read from the token; without a token, as with cookies, tabs share a connection and cursors
   * are kept only if this is given, so that neither ever crosses to another user.
   */
  readonly identity?: string;
  /** Shares one connection among all tabs of a browser. Default off. Where tabs cannot share, each has its own. */
  readonly share?: boolean | ShareOptions;
  /**
   * Keeps the cursor across reloads, per user and initial scopes. `session` and `local` name the browser's storages; where
   * they are blocked, the cursor is not kept. Default: not kept.
   */
  readonly storage?: CursorStorage | 'session' | 'local';
  /** Max age of a kept cursor to resume at, ms. Default 10 minutes. */
  readonly resumeWithinMs?: number;
  /** Cursor to begin at, e.g. that of a REST response, or `earliest`. Overrides a kept one. Default: now. */
  readonly from?: string;
  /** Whether the client connects at once. Default true. */
  readonly start?: boolean;
  /** Heartbeat intervals without data after which the connection counts as dead. Default 2.5. */
  readonly silentHeartbeats?: number;
  /** Delays between attempts, ms: the first at most `firstMs`, doubling up to `mostMs`. Default 1,000 and 30,000. */
  readonly backoff?: { readonly firstMs: number; readonly mostMs: number };
  readonly fetch?: typeof globalThis.fetch;
  readonly EventSource?: typeof globalThis.EventSource;
  readonly clock?: Clock;
  /** 0 … 1, as `Math.random`. */
  readonly random?: () => number;
  readonly pageLifecycle?: PageLifecycle;
}

/** History was lost, or transient rows were deleted: reload the displayed data. */
export interface Reset {
  /** Range of the lost positions; `undefined` if only transient rows of the types in `stale` were deleted. */
  readonly lost: { readonly after: number | null; readonly through: number } | undefined;
  /** Types whose older rows were deleted: reload the data they describe. Empty when everything must be reloaded. */
  readonly stale: readonly EventType[];
}

/** Frame as received. A comment (`: keepalive …`) has no event name. */
export interface RawFrame {
  readonly event: string | undefined;
  readonly id: string | undefined;
  readonly data: string;
  /** Time of receipt by the client's clock, ms since 1970. */
  readonly receivedAt: number;
}

/** Notifications of each type under its SSE name: `level-up`, `receipts`, `leaderboard-update`, … */
export type NotificationEvents = { readonly [T in EventType as EventName<T>]: Notification<T> };

/** Events of `LiveClient.on`. */
export interface LiveEvents extends NotificationEvents {
  /** Each notification, after the listeners of its own type. */
  readonly notification: Notification;
  /** The begin of a stream. */
  readonly open: StreamOpen;
  readonly 'caught-up': CaughtUp;
  readonly state: ConnectionStatus;
  /** Emitted before the first event after the loss. */
  readonly reset: Reset;
  readonly 'leaderboard-snapshot': LeaderboardSnapshot;
  readonly 'cells-snapshot': CellsSnapshot;
  /** The service's reason for closing the stream. */
  readonly close: StreamClose;
  /** Each error, including those that are retried. */
  readonly error: LiveError;
  /** Each frame, for debugging. A native `EventSource` does not report comments. */
  readonly frame: RawFrame;
}

export interface LiveClient {
  readonly state: ConnectionState;
  /** Snapshot for `useSyncExternalStore`, together with `subscribe`. */
  readonly status: ConnectionStatus;
  /** Calls `listener` when `status` has changed. Returns the function that unsubscribes. */
  subscribe(listener: () => void): () => void;
  /** Adds a listener. What it throws is reported and does not affect other listeners. Returns the function that removes it. */
  on<K extends keyof LiveEvents>(event: K, listener: (value: LiveEvents[K]) => void): () => void;
  /** The requested scopes, including those in `status.refused`. */
  readonly scopes: readonly ScopeInput[];
  /**
   * Replaces the scopes, without a lost or repeated event in those that stay: a new stream is opened at the cursor and
   * replaces the old one. Resolves when it has. Scopes that the service refuses are left out, listed in `status.refused`
   * and reported by an `error`. Without scopes the client is idle.
   * @throws LiveError when all of the new scopes are refused; the old ones are then kept
   */
  setScopes(scopes: readonly ScopeInput[]): Promise<void>;
  /**
   * Requests the scopes in `status.refused` again. A scope that `setScopes` drops and adds again needs no call.
   * @throws LiveError
   */
  retryRefused(): Promise<void>;
  /** Replaces the stream by a new one at the cursor, which sends leaderboard snapshots again. */
  resync(): Promise<void>;
  /** Requests a new token and continues the stream with it. */
  refresh(): Promise<void>;
  /** Connects at once with all scopes, skipping any delay; also after a refusal. */
  reconnect(): void;
  /** Cursor of the stream; `undefined` before the first one has begun. */
  readonly cursor: string | undefined;
  /** The service's time, ms since 1970: the client's clock, corrected by the service's last timestamp. */
  serverNow(): number;
  /** REST interface of the same service, with the same token. */
  readonly api: LiveApi;
  start(): void;
  /** Closes the connection for good. Idempotent. */
  close(): void;
}

/** Row of a leaderboard with its latest move. */
export interface BoardRow extends LeaderboardRow {
  /** Rank before the latest move; `undefined` while the row has not moved. */
  readonly previousRank: number | undefined;
  /** Time of the last move or change by the client's clock, ms since 1970; `undefined`: none since the snapshot. */
  readonly changedAt: number | undefined;
  /** With cells: the player's submissions, by problem; problems without any are left out. */
  readonly cells?: readonly Cell[];
}

/** Immutable leaderboard at one version: each change creates a new object. */
export interface BoardView {
  readonly contestId: number;
  readonly version: number;
  readonly frozen: boolean;
  /** Number of participants; `rows` may hold only the first of them. */
  readonly total: number;
  /** Ordered by rank, then by player id. */
  readonly rows: readonly BoardRow[];
  /** With cells: ids of the contest's problems, in their order; left out until they are known. */
  readonly problems?: readonly number[];
  /** Whether a change was missed and the leaderboard is being reloaded. */
  readonly stale: boolean;
}

export interface BoardOptions {
  /** Whether rows have cells; the client must have the scope `contest:{id}:cells`. Default false. */
  readonly cells?: boolean;
  /** Clock for `changedAt`, ms since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

/** Leaderboard that follows the stream; the client must have the scope `contest:{id}:leaderboard`. */
export interface LeaderboardBoard {
  readonly contestId: number;
  /** `undefined` until the first snapshot. */
  readonly view: BoardView | undefined;
  /** Calls `listener` when `view` has changed. Returns the function that unsubscribes. */
  subscribe(listener: () => void): () => void;
  close(): void;
}
