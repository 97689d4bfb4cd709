import type { ScopeInput } from '../../client/types.ts';
import type { EventType } from '../../protocol/event.ts';

/** Parameters of a stream. */
export interface StreamQuery {
  readonly scopes: readonly ScopeInput[];
  /** Empty: all types. */
  readonly types: readonly EventType[];
  /** A cursor, or `earliest`; undefined: only new events. */
  readonly from: string | undefined;
}

/** URL of a stream. */
export function streamAddress(base: URL, { scopes, types }: StreamQuery): string {
  const query = [
    ...scopes.map((scope) => `scope=${scope}`),
    ...(types.length === 0 ? [] : [`types=${types.join(',')}`]),
  ];
  return new URL(`streams?${query.join('&')}`, base).href;
}

/** curl command for a stream. */
export function curlLine(base: URL, wanted: StreamQuery, token: string): string {
  const headers = [
    `Authorization: Bearer ${token}`,
    ...(wanted.from === undefined ? [] : [`Last-Event-ID: ${wanted.from}`]),
  ];
  return [
    'curl',
    '-N',
    quoted(streamAddress(base, wanted)),
    ...headers.map((line) => `-H ${quoted(line)}`),
  ].join(' ');
}

/** Quotes a text as one word of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
