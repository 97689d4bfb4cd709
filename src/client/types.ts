import type { BoardSnapshot, Standing } from '../protocol/board.ts';
import type { CaughtUp, CloseReason, StreamClose, StreamOpen } from '../protocol/control.ts';
import type { EventName, EventType, Notification } from '../protocol/event.ts';
import type { Scope } from '../protocol/scope.ts';
import type { LiveApi } from './api-types.ts';
import type { LiveError } from './live-error.ts';

/** A scope as it may be asked for: `player:me` is whoever the token belongs to. */
export type ScopeInput = Scope | 'player:me';

/**
 * - `idle`: made, and not started or without a scope to listen to;
 * - `connecting`: a stream was asked for, and has not begun;
 * - `catching-up`: it has begun, and what was missed is on its way;
 * - `open`: what arrives is live;
 * - `waiting`: the connection was lost; it is tried again at `retryAt`;
 * - `offline`: the browser says there is no network; it is tried again when there is;
 * - `closed`: over, because it was closed or refused for good (`error`, `closeReason`).
 */
export type ConnectionState =
  | 'idle'
  | 'connecting'
  | 'catching-up'
  | 'open'
  | 'waiting'
  | 'offline'
  | 'closed';

/** A scope that was asked for and is not heard: refused, or one of too many (`too-many-scopes`). */
export interface RefusedScope {
  readonly scope: ScopeInput;
  readonly error: LiveError;
}

/** How the connection stands. A new object with every change, the same object until then. */
export interface ConnectionStatus {
  readonly state: ConnectionState;
  /** While `waiting`: when the next attempt is made, ms since 1970 by the client's clock. */
  readonly retryAt: number | undefined;
  /** Attempts since a stream was last whole. */
  readonly failures: number;
  /** What went wrong last; gone once a stream is whole again. */
  readonly error: LiveError | undefined;
  /** Why the service ended the last stream, if it said so; gone once a stream is whole again. */
  readonly closeReason: CloseReason | undefined;
  readonly streamId: string | undefined;
  /** The scopes that are not heard although the connection is there; empty when all are. */
  readonly refused: readonly RefusedScope[];
  /** Whether this tab holds the connection, or listens to the tab that does. Without sharing always `leader`. */
  readonly role: 'leader' | 'follower';
}

/** Why a token is asked for: a first one, one that lasts longer, or another because this one was refused. */
export type TokenReason = 'connect' | 'expiring' | 'refused' | 'request';
/** May be slow; may reject, which is tried again later. `undefined`: there is none, go by cookie. */
export type GetToken = (reason: TokenReason) => string | undefined | Promise<string | undefined>;
/** A ticket for these scopes from a server of the application's own. */
export type GetTicket = (scopes: readonly ScopeInput[]) => string | Promise<string>;

/** Where cursors are kept: `sessionStorage`, `localStorage`, or anything like them. */
export type CursorStorage = Pick<Storage, 'getItem' | 'setItem'>;

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds by a clock that nobody sets, since any moment. Default: `now`. */
  elapsed?(): number;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** `leaving`: the page is about to go, or to be frozen; `returning`: it did not go for good. */
export type PageChange = 'online' | 'offline' | 'visible' | 'hidden' | 'leaving' | 'returning';

/** What the client is told of the page around it. Default: by the window, where there is one. */
export interface PageLifecycle {
  readonly online: boolean;
  /** Calls back when something changed. Returns how to stop. */
  watch(callback: (change: PageChange) => void): () => void;
}

/** Of a `LockManager` what sharing needs. */
export interface Locks {
  request(
    name: string,
    options: { signal?: AbortSignal; steal?: boolean },
    callback: () => Promise<void>,
  ): Promise<void>;
}
/** Of a `BroadcastChannel` what sharing needs. */
export interface TabChannel {
  postMessage(message: unknown): void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  close(): void;
}

export interface ShareOptions {
  readonly locks?: Locks;
  readonly openChannel?: (name: string) => TabChannel;
  /** A follower asks the leader so often whether it is there, and takes over after the third question. Default 2,000 ms. */
  readonly pingMs?: number;
}

export interface ConnectOptions {
  /** Where the service is, e.g. `https://live.example.org` or, in a page, `/live`. */
  readonly url: string | URL;
  /** May be empty: then it connects as soon as `setScopes` gives it some. */
  readonly scopes: readonly ScopeInput[];
  /** Only these types. Default: all. */
  readonly types?: readonly EventType[];
  /** A token of the platform. Without it and without `getTicket`, the platform's cookie is used. */
  readonly getToken?: GetToken;
  readonly getTicket?: GetTicket;
  /** Default: `fetch` where there is a token; else the browser's `EventSource`, where there is one. */
  readonly transport?: 'fetch' | 'eventsource';
  /**
   * Whose connection it is. Tokens tell; where there is none, as with cookies, tabs do not share and cursors are not kept
   * unless this says it: neither is ever another user's.
   */
  readonly identity?: string;
  /** One connection for all tabs of a browser. Default off. Where tabs cannot share, each has its own. */
  readonly share?: boolean | ShareOptions;
  /**
   * Keeps the cursor across reloads, for each user and the scopes that a page begins with. By name it is the browser's own,
   * and done without where that is blocked. Default: it is not kept.
   */
  readonly storage?: CursorStorage | 'session' | 'local';
  /** A kept cursor that is older is not resumed from. Default 10 minutes, in ms. */
  readonly resumeWithinMs?: number;
  /** A cursor to begin at, e.g. that of a REST answer, or `earliest`. Outranks a kept one. Default: now. */
  readonly from?: string;
  /** Whether it connects at once. Default true. */
  readonly start?: boolean;
  /** Silence for so many heartbeats means that the connection is dead. Default 2.5. */
  readonly silentHeartbeats?: number;
  /** Waits between attempts, ms: the first at most `firstMs`, doubling up to `mostMs`. Default 1,000 and 30,000. */
  readonly backoff?: { readonly firstMs: number; readonly mostMs: number };
  readonly fetch?: typeof globalThis.fetch;
  readonly EventSource?: typeof globalThis.EventSource;
  readonly clock?: Clock;
  /** 0 … 1, as `Math.random`. */
  readonly random?: () => number;
  readonly pageLifecycle?: PageLifecycle;
}

/** History was lost, or transient rows were deleted: read again whatever is shown. */
export interface Reset {
  /** The positions of which nothing is known any more; `undefined`: nothing was lost but transient rows of the types below. */
  readonly lost: { readonly after: number | null; readonly through: number } | undefined;
  /** Types whose older messages were let go: read again what they tell of. Empty when all must be read again. */
  readonly stale: readonly EventType[];
}

/** A frame as it came. A comment (`: keepalive …`) has no event name. */
export interface RawFrame {
  readonly event: string | undefined;
  readonly id: string | undefined;
  readonly data: string;
  /** By the client's clock, ms since 1970. */
  readonly receivedAt: number;
}

/** Every type's notifications under their SSE names: `level-up`, `receipts`, `leaderboard-update`, … */
export type NotificationEvents = { readonly [T in EventType as EventName<T>]: Notification<T> };

/** What can be listened to with `on`. */
export interface LiveEvents extends NotificationEvents {
  /** Any notification; called after the listeners of its own type. */
  readonly notification: Notification;
  /** A stream has begun. */
  readonly open: StreamOpen;
  readonly 'caught-up': CaughtUp;
  readonly state: ConnectionStatus;
  /** Comes before the first event that follows the loss. */
  readonly reset: Reset;
  readonly 'leaderboard-snapshot': BoardSnapshot;
  /** The service ended the stream and said why. */
  readonly close: StreamClose;
  /** Anything that went wrong, also what is tried again. */
  readonly error: LiveError;
  /** For debugging. In native `EventSource`s comments are not seen. */
  readonly frame: RawFrame;
}

export interface LiveClient {
  readonly state: ConnectionState;
  /** With `subscribe`, for `useSyncExternalStore`. */
  readonly status: ConnectionStatus;
  /** Calls back when `status` changed. Returns how to stop. */
  subscribe(listener: () => void): () => void;
  /** Listens. A listener that throws is reported and disturbs nobody else. Returns how to stop. */
  on<K extends keyof LiveEvents>(event: K, listener: (value: LiveEvents[K]) => void): () => void;
  /** Those that were asked for; of them, `status.refused` are not heard. */
  readonly scopes: readonly ScopeInput[];
  /**
   * Listens to other scopes from here on, without losing or repeating anything of those that stay: the new stream is
   * opened at the cursor and takes over from the old one. Resolves when it has. Scopes that the service refuses are left
   * out and named in `status.refused` and by an `error`. With none, the connection rests until there are some.
   * @throws LiveError when all of the new scopes are refused; the old ones are then kept
   */
  setScopes(scopes: readonly ScopeInput[]): Promise<void>;
  /**
   * Asks again for the scopes in `status.refused`. One that is given up and taken up again is asked for by itself.
   * @throws LiveError
   */
  retryRefused(): Promise<void>;
  /** Opens a stream afresh at the cursor and takes over from the old one: standings come whole again. */
  resync(): Promise<void>;
  /** Asks for a new token and lets the stream go on with it. */
  refresh(): Promise<void>;
  /** Tries at once, whatever was being waited for, with all scopes; opens a connection again that was refused. */
  reconnect(): void;
  /** Where the stream stands; `undefined` before the first one began. */
  readonly cursor: string | undefined;
  /** The service's time, ms since 1970: the client's clock, corrected by what the service last said. */
  serverNow(): number;
  /** The same service by plain requests, with the same token. */
  readonly api: LiveApi;
  start(): void;
  /** For good. Harmless twice. */
  close(): void;
}

/** A row of standings and how it moved. */
export interface BoardRow extends Standing {
  /** The rank before the latest change that moved it; `undefined` while it has not moved. */
  readonly previousRank: number | undefined;
  /** When it last moved or changed, by the client's clock; `undefined`: not since the board was read. */
  readonly changedAt: number | undefined;
}

/** Standings at one version. A new object with every change, the same object until then. */
export interface BoardView {
  readonly contestId: number;
  readonly version: number;
  readonly frozen: boolean;
  /** How many take part; `rows` may hold fewer of them, those in front. */
  readonly total: number;
  /** By rank; equals by player id. */
  readonly rows: readonly BoardRow[];
  /** Whether something was missed and the standings are being read again. */
  readonly stale: boolean;
}

/** Standings that follow the stream; the client must listen to `contest:{id}:leaderboard`. */
export interface LeaderboardBoard {
  readonly contestId: number;
  /** `undefined` until the first snapshot. */
  readonly view: BoardView | undefined;
  /** Calls back when `view` changed. Returns how to stop. */
  subscribe(listener: () => void): () => void;
  close(): void;
}
