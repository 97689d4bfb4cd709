import type {
  ActivityPage,
  Contest,
  ContestPage,
  GlobalLeaderboard,
  InboxCounts,
  InboxPage,
  LeaderboardPage,
  LiveApi,
  Marked,
  Moment,
  RequestOptions,
  Which,
} from './api-types.ts';
import type { Credentials } from './credentials.ts';
import { within } from './deadline.ts';
import { holding } from './holding.ts';
import { errorOf, LiveError, networkError } from './live-error.ts';
import type { Clock, TokenReason } from './types.ts';

export interface ApiOptions {
  readonly base: string;
  readonly credentials: Credentials;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
}

/** Max duration of a request, with its token and its body, in ms. */
const ANSWER_MS = 20_000;

/** Makes a request with a token, which is requested for `reason`. */
export type Call = <T>(path: string, options?: RequestOptions, reason?: TokenReason) => Promise<T>;

/** Creates a `Call` that replaces a refused token once. It rejects with a `LiveError`. */
export function createCall({ base, credentials, fetch, clock }: ApiOptions): Call {
  async function once(
    path: string,
    options: RequestOptions,
    reason: TokenReason,
    signal: AbortSignal,
  ): Promise<Response> {
    const { method = 'GET', query = {}, body } = options;
    const { headers, credentials: mode } = await credentials.init(reason);
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const search = given.length > 0 ? `?${new URLSearchParams(given.map(([k, v]) => [k, String(v)]))}` : '';
    return fetch(`${base}${path}${search}`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      credentials: mode,
      cache: 'no-store',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
    });
  }

  async function answer<T>(
    path: string,
    options: RequestOptions,
    reason: TokenReason,
    signal: AbortSignal,
  ): Promise<T> {
    let response = await once(path, options, reason, signal);
    if (response.status === 401 && credentials.hasToken) {
      await response.body?.cancel();
      response = await once(path, options, 'refused', signal);
    }
    if (!response.ok) throw await errorOf(response);
    if (response.status === 204) return undefined as T;
    return (await response.json().catch((cause: unknown) => {
      throw new LiveError('unexpected-answer', 'the answer is not JSON', { cause });
    })) as T;
  }

  return async <T>(
    path: string,
    options: RequestOptions = {},
    reason: TokenReason = 'request',
  ): Promise<T> => {
    try {
      return await within(clock, ANSWER_MS, options.signal, (signal) =>
        answer<T>(path, options, reason, signal),
      );
    } catch (error) {
      throw networkError(error);
    }
  };
}

/** REST API of the service. */
export function createApi(call: Call): LiveApi {
  const mark = (what: string, which: Which) =>
    holding(call<Marked>(`/notifications/${what}`, { method: 'POST', body: which }), 'counts');
  const unmark = (what: string, id: number) =>
    holding(call<Marked>(`/notifications/${id}/${what}`, { method: 'DELETE' }), 'counts');
  return {
    notifications: (query) =>
      holding(call<InboxPage>('/notifications', { query: { ...query } }), 'items', 'counts', 'cursor'),
    counts: () => holding(call<InboxCounts>('/notifications/counts'), 'unread'),
    markSeen: (which) => mark('seen', which),
    markRead: (which) => mark('read', which),
    markUnread: (id) => unmark('read', id),
    archive: (which) => mark('archived', which),
    unarchive: (id) => unmark('archived', id),
    leaderboard: (contestId, query) =>
      holding(call<LeaderboardPage>(`/contests/${contestId}/leaderboard`, { query: { ...query } }), 'rows'),
    globalLeaderboard: (query) =>
      holding(call<GlobalLeaderboard>('/leaderboard', { query: { ...query } }), 'rows'),
    activity: (player, query) =>
      holding(call<ActivityPage>(`/players/${player}/activity`, { query: { ...query } }), 'items'),
    contests: (query) => holding(call<ContestPage>('/contests', { query: { ...query } }), 'contests'),
    contest: (id) => holding(call<Contest & Moment>(`/contests/${id}`), 'id', 'status'),
    request: (path, options) => call(path, options),
  };
}
