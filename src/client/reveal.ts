import type { Reveal, RevealExtent, RevealedStep, RevealStandings } from '../protocol/api/reveal.ts';
import type { LiveApi, RequestOptions } from './api-types.ts';
import { holding } from './holding.ts';

export type { Reveal, RevealExtent, RevealedStep, RevealStandings } from '../protocol/api/reveal.ts';

/** Step of a reveal. */
export interface RevealStepRequest {
  /** Its number: that of the last step plus 1. */
  readonly step: number;
  /** The next cell, the row of that cell, or everything that is left. Default `cell`. */
  readonly extent?: RevealExtent;
}

/** Step that the caller knows of. */
export interface RevealStepQuery {
  /** `freezeNo` of the step. */
  readonly freeze?: number;
  readonly step?: number;
}

/** Reveal of a contest's frozen standings, by plain requests. Each rejects with a `LiveError`. */
export interface ContestReveal {
  /** How far it is, and whether the caller may take steps. */
  read(): Promise<Reveal>;
  /**
   * What everybody is shown of it while it is open: all rows with their cells, of the step that is named or a later one. Otherwise the
   * code is `reveal-not-open`.
   */
  standings(known?: RevealStepQuery): Promise<RevealStandings>;
  /** For admins: opens it, unless it is open. */
  open(): Promise<Reveal>;
  /** For admins: takes a step. May be repeated: a step that was taken before is answered with `duplicate: true`. */
  take(request: RevealStepRequest): Promise<RevealedStep>;
}

/** Requests of the reveal of a contest. @param api that of the client: `live.api` */
export function createReveal(api: Pick<LiveApi, 'request'>, contestId: number): ContestReveal {
  const call = <T extends { readonly step: number }>(path: string, options?: RequestOptions): Promise<T> =>
    holding(api.request<T>(`/contests/${contestId}/reveal${path}`, options), 'step');
  return {
    read: () => call(''),
    standings: (known) => call('/standings', { query: { ...known } }),
    open: () => call('', { method: 'POST' }),
    take: (request) => call('/steps', { method: 'POST', body: request }),
  };
}
