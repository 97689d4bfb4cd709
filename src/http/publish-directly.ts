import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { requireService } from '../auth/guards.ts';
import type { ServiceIdentity } from '../auth/identity.ts';
import type { LogPublisher } from '../events/log-publisher.ts';
import { Problem } from '../protocol/problem.ts';
import { Deadlines } from '../util/deadlines.ts';
import type { Callers } from './app-env.ts';
import { BodyReceiver, decodeBody } from './body-receiver.ts';
import { type Entered, enterAs, requireConnection } from './callers.ts';
import type { IsAllowedOrigin } from './cross-origin.ts';
import {
  answerDirectly,
  answerJson,
  authRequestOf,
  type DirectHandler,
  isPlainRequest,
  plainHosts,
} from './direct.ts';
import { PUBLISH_HEADERS, parsePublishBody, publishBody } from './events.ts';
import { BODY_MS, EVENTS_BODY, isJson, readText } from './json-body.ts';
import { type OnRequestError, problemContent, problemOf } from './problem-response.ts';
import { invalidInput } from './router.ts';

const PATH = '/events';

export interface DirectPublishingDeps {
  readonly publisher: Pick<LogPublisher, 'publishUnchecked'>;
  readonly callers: Callers;
  readonly isAllowedOrigin: IsAllowedOrigin;
  readonly onError?: OnRequestError;
}

interface Deps extends DirectPublishingDeps {
  /** Bodies that are being received. */
  readonly bodies: Deadlines;
}

/**
 * Fast path of `POST /events` on the Node server. It answers plain requests (one `Content-Length`, a bearer token, no header
 * twice, nothing to negotiate) as the route does, by the same functions, without the framework's objects for requests,
 * headers and responses.
 */
export function publishDirectly(deps: DirectPublishingDeps): DirectHandler {
  const isPlainHost = plainHosts();
  const withBodies = { ...deps, bodies: new Deadlines(BODY_MS) };
  return (incoming, outgoing) => {
    if (!isPlain(incoming) || !isPlainHost(incoming.headers.host)) return false;
    new DirectPublish(incoming, outgoing, withBodies).begin();
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

/** Request to publish, from its head to its answer. Each step that need not wait runs within the one before. */
class DirectPublish {
  readonly #incoming: IncomingMessage;
  readonly #outgoing: ServerResponse;
  readonly #deps: Deps;
  #leave: (() => void) | undefined;
  #release: (() => void) | undefined;

  constructor(incoming: IncomingMessage, outgoing: ServerResponse, deps: Deps) {
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#deps = deps;
  }

  begin(): void {
    const { headers } = this.#incoming;
    if (!isJson(headers['content-type'])) return void this.#fail(new Problem('unsupported-media-type'));
    const entered = enterAs(this.#deps.callers, authRequestOf(this.#incoming, URL_OF_PATH), requireService);
    if (entered instanceof Promise) entered.then((caller) => this.#read(caller)).catch(this.#fail);
    else this.#read(entered);
  }

  #read({ account, leave }: Entered<ServiceIdentity>): void {
    this.#leave = leave;
    const { callers, bodies } = this.#deps;
    const length = Number(this.#incoming.headers['content-length']);
    try {
      requireConnection(this.#outgoing);
      if (length > EVENTS_BODY) {
        readText(this.#incoming, { length, max: EVENTS_BODY, reserve: () => {} }).catch(this.#fail);
        return;
      }
      this.#release = callers.bodies.take(account, length);
    } catch (error) {
      return void this.#fail(error);
    }
    const receiver = new BodyReceiver(this.#incoming, { length, max: EVENTS_BODY }, (bytes, error) => {
      bodies.delete(receiver);
      if (bytes === undefined) this.#fail(error);
      else this.#publish(decodeBody(bytes));
    });
    bodies.add(receiver);
  }

  #publish(text: string): void {
    const { publisher } = this.#deps;
    try {
      const key = keyOf(this.#incoming.headers);
      const body = parsePublishBody(parseJson(text));
      if (!body.success) throw invalidInput(body.error, 'json');
      publishBody(publisher, body.data, key).then(this.#succeed, this.#fail);
    } catch (error) {
      this.#fail(error);
    }
  }

  readonly #succeed = ({ status, answer }: Awaited<ReturnType<typeof publishBody>>): void => {
    this.#end();
    const body = JSON.stringify(answer);
    answerJson(this.#incoming, this.#outgoing, this.#deps.isAllowedOrigin, { status, body });
  };

  readonly #fail = (error: unknown): void => {
    this.#end();
    const { isAllowedOrigin, onError } = this.#deps;
    const problem = problemOf(error, { method: 'POST', path: PATH }, this.#incoming, onError);
    answerDirectly(this.#incoming, this.#outgoing, isAllowedOrigin, {
      status: problem.status,
      ...problemContent(problem),
    });
  };

  #end(): void {
    this.#release?.();
    this.#leave?.();
  }
}

/** Reads the idempotency key of all events. @throws Problem of the schema */
function keyOf(headers: IncomingHttpHeaders): string | undefined {
  if (headers['idempotency-key'] === undefined) return undefined;
  const key = PUBLISH_HEADERS.safeParse(headers);
  if (!key.success) throw invalidInput(key.error, 'header');
  return key.data['idempotency-key'];
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
