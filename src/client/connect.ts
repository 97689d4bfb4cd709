import { createApi, createCall } from './api.ts';
import { Client } from './client.ts';
import { Connection } from './connection.ts';
import type { ConnectionListener } from './connection-options.ts';
import { Credentials } from './credentials.ts';
import { within } from './deadline.ts';
import { Emitter } from './emitter.ts';
import { EventDispatcher } from './event-dispatcher.ts';
import { readByFetch } from './fetch-transport.ts';
import type { Link } from './link.ts';
import { LiveError, unexpectedAnswer } from './live-error.ts';
import { browserPageLifecycle } from './page-lifecycle.ts';
import { Progress } from './progress.ts';
import { ProgressStore } from './progress-store.ts';
import { ServerClock } from './server-clock.ts';
import { ChosenLink } from './share/chosen-link.ts';
import type { SharedLink } from './share/shared-link.ts';
import { type Sharing, sharingOf } from './share/sharing.ts';
import { fittingUrl, type Read, type Transport, transportBy } from './transport.ts';
import type {
  Clock,
  ConnectOptions,
  CursorStorage,
  LiveClient,
  LiveEvents,
  ScopeInput,
  TokenReason,
} from './types.ts';

const BACKOFF = { firstMs: 1_000, mostMs: 30_000 };
/** Max wait for the first token before it is requested again, in ms. */
const FIRST_TOKEN_MS = 30_000;
const RESUME_WITHIN_MS = 600_000;
const SILENT_HEARTBEATS = 2.5;

/** Opens a client: one stream on all scopes, reconnected when it breaks, and the REST API with the same token. */
export function connect(options: ConnectOptions): LiveClient {
  const { types, random = Math.random, clock = ambientClock() } = options;
  const { pageLifecycle = browserPageLifecycle(), backoff = BACKOFF } = options;
  const fetch: typeof globalThis.fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const base = baseOf(options.url);
  const scopes = [...new Set(options.scopes)];
  const credentials = new Credentials(options.getToken);
  const call = createCall({ base, credentials, fetch, clock });
  const transport = transportOf(options, base, credentials, fetch);

  const now = () => clock.now();
  const serverClock = new ServerClock(clock);
  const progress = new Progress();
  /** Name of stored cursors and shared connections: per service, user and set of types. */
  const name = () => {
    const identity = options.identity ?? credentials.identity;
    return identity === undefined
      ? undefined
      : `codecraft-live ${base} ${identity} ${[...(types ?? [])].sort().join()}`;
  };
  const storage = storageOf(options.storage);
  const progressStore = storage
    ? new ProgressStore({
        storage,
        clock,
        withinMs: options.resumeWithinMs ?? RESUME_WITHIN_MS,
        // By the initial scopes: the next page starts with the same ones, not with those added later.
        name: () => name()?.concat(' ', [...scopes].sort().join()),
        progress,
      })
    : undefined;

  const emitter: Emitter<LiveEvents> = new Emitter((cause, event) => {
    if (event === 'error') console.error(cause);
    else emitter.emit('error', new LiveError('listener', `a listener of ${event} threw`, { cause }));
  });
  const dispatcher = new EventDispatcher({
    emitter,
    progress,
    serverClock,
    now,
    accepts: (scope) => shared?.tab.accepts(scope) ?? true,
    onMoved: () => progressStore?.note(),
    onStatus: (status) => client.setStatus(status),
  });
  const open = (
    listener: ConnectionListener,
    wanted: readonly ScopeInput[],
    cursor: () => string | undefined,
  ) =>
    new Connection({
      transport,
      scopes: wanted,
      cursor,
      clock,
      random,
      backoff,
      silentHeartbeats: options.silentHeartbeats ?? SILENT_HEARTBEATS,
      pageLifecycle,
      hasTokens: credentials.hasToken,
      serverNow: () => serverClock.now(),
      extend: async (streamId: string, reason: TokenReason) => {
        const path = `/streams/${streamId}/refresh`;
        const answer = await call<{ expiresAt?: unknown }>(path, { method: 'POST' }, reason);
        if (typeof answer?.expiresAt === 'string') return answer.expiresAt;
        throw unexpectedAnswer();
      },
      listener,
    });

  const cursor = () => {
    if (progress.cursor === undefined && options.from === undefined) progressStore?.restore();
    return progress.cursor ?? options.from;
  };
  const sharing = sharingOf(options.share);
  let shared: SharedLink | undefined;
  async function together(by: Sharing, name: string): Promise<Link> {
    // Loaded on demand: it would be a third of the client's size.
    const { SharedLink } = await import('./share/shared-link.ts');
    shared = new SharedLink({
      ...by,
      id: crypto.randomUUID(),
      name,
      scopes,
      cursor,
      clock,
      random,
      serverNow: () => serverClock.now(),
      listener: dispatcher,
      openConnection: open,
    });
    return shared;
  }
  const alone = () => open(dispatcher, scopes, cursor);
  const link = sharing
    ? new ChosenLink({ listener: dispatcher, clock, random, backoff }, async () => {
        // The first token identifies the user. Without one, a connection that is not shared would fail as well.
        if (name() === undefined)
          await within(clock, FIRST_TOKEN_MS, undefined, () => credentials.init('connect'));
        const common = name();
        if (common === undefined) return alone();
        return together(sharing, common).catch(() => alone());
      })
    : alone();

  const client = new Client({
    scopes,
    emitter,
    progress,
    serverClock,
    pageLifecycle,
    link,
    api: createApi(call),
    flush: () => progressStore?.flush(),
  });
  if (options.start !== false) client.start();
  return client;
}

/** Selects the transport: `fetch` with a token, which it sends in a header; else `EventSource`, where there is one. */
function transportOf(
  options: ConnectOptions,
  base: string,
  credentials: Credentials,
  fetch: typeof globalThis.fetch,
): Transport {
  const { types, getTicket, EventSource = globalThis.EventSource } = options;
  const fitting = (scopes: readonly ScopeInput[]) => fittingUrl(base, types, scopes);
  const native = options.transport
    ? options.transport === 'eventsource'
    : getTicket !== undefined || (EventSource !== undefined && !credentials.hasToken);
  if (native && EventSource === undefined) throw new TypeError('there is no EventSource here; pass one');
  if (!native) return transportBy(readByFetch({ base, types, credentials, fetch }), true, fitting);
  const read: Read = async (...stream) => {
    // Loaded on demand, as sharing is.
    const { readByEventSource } = await import('./event-source-transport.ts');
    await readByEventSource({ base, types, credentials, getTicket, fetch, EventSource })(...stream);
  };
  return transportBy(read, false, fitting);
}

/** Resolves a named storage; undefined where the browser blocks it, since then the access throws. */
function storageOf(storage: ConnectOptions['storage']): CursorStorage | undefined {
  if (storage !== 'session' && storage !== 'local') return storage;
  try {
    return storage === 'session' ? globalThis.sessionStorage : globalThis.localStorage;
  } catch {
    return undefined;
  }
}

function baseOf(url: string | URL): string {
  const page = (globalThis as { document?: { baseURI: string } }).document?.baseURI;
  return new URL(url, page).href.replace(/[?#].*$/, '').replace(/\/+$/, '');
}

function ambientClock(): Clock {
  return {
    now: () => Date.now(),
    elapsed: () => performance.now(),
    setTimeout: (callback, ms) => globalThis.setTimeout(callback, ms),
    clearTimeout: (timer) => globalThis.clearTimeout(timer as number),
  };
}
