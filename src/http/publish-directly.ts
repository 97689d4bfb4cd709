import type { IncomingMessage, ServerResponse } from 'node:http';
import { requireService } from '../auth/guards.ts';
import type { LogPublisher } from '../events/log-publisher.ts';
import { Problem } from '../protocol/problem.ts';
import type { Callers } from './app-env.ts';
import { enterAs, requireConnection } from './callers.ts';
import type { IsAllowedOrigin } from './cross-origin.ts';
import { answerDirectly, authRequestOf, type DirectHandler, isPlainRequest, plainHosts } from './direct.ts';
import { PUBLISH_BODY, PUBLISH_HEADERS, publishBody } from './events.ts';
import { EVENTS_BODY, isJson, readText } from './json-body.ts';
import { type OnRequestError, problemContent, problemOf } from './problem-response.ts';
import { invalidInput } from './router.ts';

const PATH = '/events';

export interface DirectPublishingDeps {
  readonly publisher: Pick<LogPublisher, 'publishUnchecked'>;
  readonly callers: Callers;
  readonly isAllowedOrigin: IsAllowedOrigin;
  readonly onError?: OnRequestError;
}

/**
 * Fast path of `POST /events` on the Node server. It answers plain requests (one `Content-Length`, a bearer token, no header
 * twice, nothing to negotiate) as the route does, by the same functions, without the framework's objects for requests,
 * headers and responses.
 */
export function publishDirectly(deps: DirectPublishingDeps): DirectHandler {
  const isPlainHost = plainHosts();
  return (incoming, outgoing) => {
    if (!isPlain(incoming) || !isPlainHost(incoming.headers.host)) return false;
    void respond(incoming, outgoing, deps);
    return true;
  };
}

function isPlain(incoming: IncomingMessage): boolean {
  const { method, url, headers } = incoming;
  return (
    method === 'POST' &&
    url === PATH &&
    headers.authorization !== undefined &&
    Number(headers['content-length']) > 0 &&
    isPlainRequest(incoming)
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
  answerDirectly(incoming, outgoing, isAllowedOrigin, { status, ...content });
}

async function publish(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { callers, publisher }: DirectPublishingDeps,
): ReturnType<typeof publishBody> {
  const { headers } = incoming;
  if (!isJson(headers['content-type'])) throw new Problem('unsupported-media-type');
  const { account, leave } = await enterAs(callers, authRequestOf(incoming, URL_OF_PATH), requireService);
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

/** Such a request has its credential in a header. */
const URL_OF_PATH = new URL(PATH, 'http://localhost');
