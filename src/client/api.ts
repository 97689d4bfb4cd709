import type { LiveApi, Marked, RequestOptions, Which } from './api-types.ts';
import type { Credentials } from './credentials.ts';
import { errorOf, LiveError, networkError } from './live-error.ts';
import type { TokenReason } from './types.ts';

export interface ApiOptions {
  readonly base: string;
  readonly credentials: Credentials;
  readonly fetch: typeof globalThis.fetch;
}

/** A request as the client itself makes it: with the token for a certain reason. */
export type Call = <T>(path: string, options?: RequestOptions, reason?: TokenReason) => Promise<T>;

/** Makes requests with the user's token; one that is refused is replaced once. Rejects with a `LiveError`. */
export function createCall({ base, credentials, fetch }: ApiOptions): Call {
  async function once(path: string, options: RequestOptions, reason: TokenReason): Promise<Response> {
    const { method = 'GET', query = {}, body, signal } = options;
    const { headers, credentials: mode } = await credentials.init(reason);
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const search = given.length > 0 ? `?${new URLSearchParams(given.map(([k, v]) => [k, String(v)]))}` : '';
    return fetch(`${base}${path}${search}`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      credentials: mode,
      cache: 'no-store',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
  }

  return async <T>(
    path: string,
    options: RequestOptions = {},
    reason: TokenReason = 'request',
  ): Promise<T> => {
    try {
      let response = await once(path, options, reason);
      if (response.status === 401 && credentials.hasToken) {
        await response.body?.cancel();
        response = await once(path, options, 'refused');
      }
      if (!response.ok) throw await errorOf(response);
      if (response.status === 204) return undefined as T;
      return (await response.json().catch((cause: unknown) => {
        throw new LiveError('unexpected-answer', 'the answer is not JSON', { cause });
      })) as T;
    } catch (error) {
      throw networkError(error);
    }
  };
}

/** The service by plain requests. */
export function createApi(call: Call): LiveApi {
  const mark = (what: string, which: Which) =>
    call<Marked>(`/notifications/${what}`, { method: 'POST', body: which });
  const unmark = (what: string, id: number) =>
    call<Marked>(`/notifications/${id}/${what}`, { method: 'DELETE' });
  return {
    notifications: (query) => call('/notifications', { query: { ...query } }),
    counts: () => call('/notifications/counts'),
    markSeen: (which) => mark('seen', which),
    markRead: (which) => mark('read', which),
    markUnread: (id) => unmark('read', id),
    archive: (which) => mark('archived', which),
    unarchive: (id) => unmark('archived', id),
    leaderboard: (contestId, query) => call(`/contests/${contestId}/leaderboard`, { query: { ...query } }),
    globalLeaderboard: (query) => call('/leaderboard', { query: { ...query } }),
    activity: (player, query) => call(`/players/${player}/activity`, { query: { ...query } }),
    contests: (query) => call('/contests', { query: { ...query } }),
    contest: (id) => call(`/contests/${id}`),
    request: (path, options) => call(path, options),
  };
}
