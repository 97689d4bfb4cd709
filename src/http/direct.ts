import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuthRequest } from '../auth/origin.ts';
import { crossOriginHeaders, type IsAllowedOrigin } from './cross-origin.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

/** Answers a request; `false`: the app has to. */
export type DirectHandler = (incoming: IncomingMessage, outgoing: ServerResponse) => boolean;

/** A host that needs no normalization. */
const PLAIN_HOST = /^[a-z0-9.-]+(?::[0-9]{1,5})?$/;

/** Makes the check whether the `Host` of a request is one that the app would take as it is. The last such host is remembered. */
export function plainHosts(): (host: string | undefined) => boolean {
  let known: string | undefined;
  return (host) => {
    if (host === undefined || host === known) return host !== undefined;
    if (!PLAIN_HOST.test(host) || !URL.canParse(`http://${host}`)) return false;
    known = host;
    return true;
  };
}

/**
 * Whether a request is of the version and form that direct handlers take: HTTP/1.1, nothing to negotiate, and no header
 * twice. Of some Node keeps the first alone, where the app reads and refuses both.
 */
export function isPlainRequest({ httpVersion, headers, rawHeaders }: IncomingMessage): boolean {
  return (
    httpVersion === '1.1' &&
    headers['transfer-encoding'] === undefined &&
    headers.expect === undefined &&
    headers.upgrade === undefined &&
    Object.keys(headers).length * 2 === rawHeaders.length
  );
}

/** What authentication reads of a request. @param url its URL, as far as it holds a credential */
export function authRequestOf({ headers, method = 'GET' }: IncomingMessage, url: URL): AuthRequest {
  return { headers: { get: (name) => headers[name]?.toString() ?? null }, url, method };
}

/** Sends a whole response with the headers that the app adds to each; nothing where the client disconnected. */
export function answerDirectly(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  isAllowedOrigin: IsAllowedOrigin,
  answer: {
    readonly status: number;
    readonly headers: readonly (readonly [name: string, value: string])[];
    readonly body: string;
  },
): void {
  if (outgoing.destroyed) return;
  outgoing.writeHead(answer.status, [
    ...answer.headers.filter(([name]) => !SECURITY_NAMES.has(name)).flat(),
    ...SECURITY_LINES,
    ...crossOriginHeaders(incoming.headers.origin, isAllowedOrigin).flat(),
    'vary',
    'Origin',
    'content-length',
    String(Buffer.byteLength(answer.body)),
  ]);
  outgoing.end(answer.body);
}

/**
 * Sends a whole response of JSON, as `answerDirectly` does: of its head, the lines that are always the same are not made anew.
 */
export function answerJson(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  isAllowedOrigin: IsAllowedOrigin,
  answer: { readonly status: number; readonly body: string },
): void {
  if (outgoing.destroyed) return;
  const { origin } = incoming.headers;
  const lines = JSON_LINES.slice();
  lines.push(String(Buffer.byteLength(answer.body)));
  if (origin !== undefined && isAllowedOrigin(origin)) lines.push('access-control-allow-origin', origin);
  outgoing.writeHead(answer.status, lines);
  outgoing.end(answer.body);
}

const SECURITY_LINES = SECURITY_HEADERS.flat();
const JSON_LINES = [
  'content-type',
  'application/json',
  ...SECURITY_LINES,
  ...crossOriginHeaders(undefined, () => false).flat(),
  'vary',
  'Origin',
  'content-length',
];
const SECURITY_NAMES = new Set(SECURITY_HEADERS.map(([name]) => name));
