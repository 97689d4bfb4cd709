import type { ScopeInput } from '../../client/types.ts';
import type { EventType } from '../../protocol/event.ts';

/** The stream that is asked for. */
export interface Wanted {
  readonly scopes: readonly ScopeInput[];
  /** Empty: all. */
  readonly types: readonly EventType[];
  /** A cursor, or `earliest`; undefined: from now on. */
  readonly from: string | undefined;
}

/** The address of a stream. */
export function streamAddress(base: URL, { scopes, types }: Wanted): string {
  const query = [
    ...scopes.map((scope) => `scope=${scope}`),
    ...(types.length === 0 ? [] : [`types=${types.join(',')}`]),
  ];
  return new URL(`streams?${query.join('&')}`, base).href;
}

/** The same stream for a shell. */
export function curlLine(base: URL, wanted: Wanted, token: string): string {
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

/** One word to a POSIX shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
