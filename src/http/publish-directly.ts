import type { IncomingMessage, ServerResponse } from 'node:http';
import { requireService } from '../auth/guards.ts';
import type { AuthRequest } from '../auth/origin.ts';
import type { LogPublisher } from '../events/log-publisher.ts';
import { Problem } from '../protocol/problem.ts';
import type { Callers } from './app-env.ts';
import { enterAs, requireConnection } from './callers.ts';
import { crossOriginHeaders, type IsAllowedOrigin } from './cross-origin.ts';
import { PUBLISH_BODY, PUBLISH_HEADERS, publishBody } from './events.ts';
import { EVENTS_BODY, isJson, readText } from './json-body.ts';
import { type OnRequestError, problemContent, problemOf } from './problem-response.ts';
import { invalidInput } from './router.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

const PATH = '/events';
/** A host that needs no normalization. */
const PLAIN_HOST = /^[a-z0-9.-]+(?::[0-9]{1,5})?$/;

export interface DirectPublishingDeps {
  readonly publisher: Pick<LogPublisher, 'publishUnchecked'>;
  readonly callers: Callers;
  readonly isAllowedOrigin: IsAllowedOrigin;
  readonly onError?: OnRequestError;
}

/** Answers a request; `false`: the app has to. */
export type DirectHandler = (incoming: IncomingMessage, outgoing: ServerResponse) => boolean;

/**
 * Fast path of `POST /events` on the Node server. It answers plain requests (one `Content-Length`, a bearer token, no header
 * twice, nothing to negotiate) as the route does, by the same functions, without the framework's objects for requests,
 * headers and responses.
 */
export function publishDirectly(deps: DirectPublishingDeps): DirectHandler {
  let knownHost: string | undefined;
  const isKnownHost = (host: string | undefined): boolean => {
    if (host === undefined || host === knownHost) return host !== undefined;
    if (!PLAIN_HOST.test(host) || !URL.canParse(`http://${host}`)) return false;
    knownHost = host;
    return true;
  };
  return (incoming, outgoing) => {
    if (!isPlain(incoming) || !isKnownHost(incoming.headers.host)) return false;
    void respond(incoming, outgoing, deps);
    return true;
  };
}

function isPlain({ method, url, httpVersion, headers, rawHeaders }: IncomingMessage): boolean {
  return (
    method === 'POST' &&
    url === PATH &&
    httpVersion === '1.1' &&
    headers.authorization !== undefined &&
    Number(headers['content-length']) > 0 &&
    headers['transfer-encoding'] === undefined &&
    headers.expect === undefined &&
    headers.upgrade === undefined &&
    // No header twice: of some Node keeps the first alone, where the route reads and refuses both.
    Object.keys(headers).length * 2 === rawHeaders.length
  );
}

async function respond(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  deps: DirectPublishingDeps,
): Promise<void> {
  const { isAllowedOrigin, onError } = deps;
  let status: number;
  let content: ReturnType<typeof problemContent>;
  try {
    const published = await publish(incoming, outgoing, deps);
    status = published.status;
    content = { headers: [['content-type', 'application/json']], body: JSON.stringify(published.answer) };
  } catch (error) {
    const problem = problemOf(error, { method: 'POST', path: PATH }, incoming, onError);
    status = problem.status;
    content = problemContent(problem);
  }
  if (outgoing.destroyed) return;
  const headers = [
    ...content.headers.filter(([name]) => !SECURITY_NAMES.has(name)).flat(),
    ...SECURITY_LINES,
    ...crossOriginHeaders(incoming.headers.origin, isAllowedOrigin).flat(),
    'vary',
    'Origin',
    'content-length',
    String(Buffer.byteLength(content.body)),
  ];
  outgoing.writeHead(status, headers);
  outgoing.end(content.body);
}

const SECURITY_LINES = SECURITY_HEADERS.flat();
const SECURITY_NAMES = new Set(SECURITY_HEADERS.map(([name]) => name));

async function publish(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { callers, publisher }: DirectPublishingDeps,
): ReturnType<typeof publishBody> {
  const { headers } = incoming;
  if (!isJson(headers['content-type'])) throw new Problem('unsupported-media-type');
  const { account, leave } = await enterAs(callers, authRequestOf(headers), requireService);
  let release: (() => void) | undefined;
  try {
    requireConnection(outgoing);
    const text = await readText(incoming, {
      length: Number(headers['content-length']),
      max: EVENTS_BODY,
      reserve: (bytes) => {
        release = callers.bodies.take(account, bytes);
      },
    });
    const key = PUBLISH_HEADERS.safeParse(headers);
    if (!key.success) throw invalidInput(key.error, 'header');
    const body = PUBLISH_BODY.safeParse(parseJson(text));
    if (!body.success) throw invalidInput(body.error, 'json');
    return await publishBody(publisher, body.data, key.data['idempotency-key']);
  } finally {
    release?.();
    leave();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem('invalid-json');
  }
}

/** The bearer token is read of such a request, and nothing of its URL. */
function authRequestOf(headers: IncomingMessage['headers']): AuthRequest {
  return { headers: { get: (name) => headers[name]?.toString() ?? null }, url: URL_OF_PATH, method: 'POST' };
}

const URL_OF_PATH = new URL(PATH, 'http://localhost');
