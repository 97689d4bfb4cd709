import type { IncomingMessage, ServerResponse } from 'node:http';
import { requireListener } from '../auth/guards.ts';
import { whenReady } from '../util/when-ready.ts';
import type { Callers } from './app-env.ts';
import { enterAs, requireConnection } from './callers.ts';
import { crossOriginHeaders, type IsAllowedOrigin } from './cross-origin.ts';
import { answerDirectly, authRequestOf, type DirectHandler, isPlainRequest, plainHosts } from './direct.ts';
import { type OnRequestError, problemContent, problemOf } from './problem-response.ts';
import { refusalContent } from './refuse-stream.ts';
import {
  type NamedScopes,
  type OpeningRequest,
  prepareOpening,
  requestedBy,
  type StreamOpeningDeps,
} from './stream-opening.ts';
import { scopesAtPath } from './stream-paths.ts';
import { acceptsGzip, openOnNode, STREAM_HEADERS } from './stream-response.ts';

export interface DirectOpeningDeps {
  readonly openings: StreamOpeningDeps;
  readonly callers: Callers;
  readonly isAllowedOrigin: IsAllowedOrigin;
  readonly onError?: OnRequestError;
}

/** Parameters of a query, of which each is there once but for `scope`. */
type PlainQuery = ReadonlyMap<string, readonly string[]>;

/** Request for a stream that reads the same without the app. */
interface PlainOpening extends OpeningRequest {
  readonly env: { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse };
  readonly named: NamedScopes;
  readonly url: URL;
}

/**
 * Fast path of the routes that open streams, on the Node server. It answers plain requests (GET without a body, no header
 * twice, known parameters) as the routes do, by the same functions, without the framework's objects for requests, headers and
 * responses, which an open stream would keep alive.
 */
export function openDirectly(deps: DirectOpeningDeps): DirectHandler {
  const isPlainHost = plainHosts();
  return (incoming, outgoing) => {
    if (!isPlain(incoming) || !isPlainHost(incoming.headers.host)) return false;
    const opening = plainOpening(incoming, outgoing);
    if (opening === undefined) return false;
    void respond(opening, deps);
    return true;
  };
}

function isPlain(incoming: IncomingMessage): boolean {
  const { method, url, headers } = incoming;
  return (
    method === 'GET' &&
    url?.startsWith(PREFIX) === true &&
    headers['content-length'] === undefined &&
    isPlainRequest(incoming)
  );
}

const PREFIX = '/streams';
/** A parameter that every parser of queries reads the same. */
const PARAMETER = /^(scope|types|lastEventId|cells|ticket)=((?:[\w.~:,-]|%2[Cc]|%3[Aa])*)$/;

function plainOpening(incoming: IncomingMessage, outgoing: ServerResponse): PlainOpening | undefined {
  const target = incoming.url ?? '';
  const mark = target.indexOf('?');
  const named = scopesAtPath(mark === -1 ? target : target.slice(0, mark));
  const query = mark === -1 ? NO_QUERY : plainQuery(target.slice(mark + 1));
  if (named === undefined || query === undefined) return undefined;
  const { headers } = incoming;
  return {
    req: {
      method: 'GET',
      header: (name) => headers[name]?.toString(),
      query: (name) => query.get(name)?.[0],
      queries: (name) => query.get(name)?.slice(),
    },
    env: { incoming, outgoing },
    named,
    url: query.has('ticket') ? new URL(target, URL_OF_PATH) : URL_OF_PATH,
  };
}

const NO_QUERY: PlainQuery = new Map();
/** URL of a request whose credential is in a header. */
const URL_OF_PATH = new URL(PREFIX, 'http://localhost');

/** Parses a query; undefined where it is not plain. */
function plainQuery(text: string): PlainQuery | undefined {
  const query = new Map<string, string[]>();
  for (const parameter of text.split('&')) {
    const [, name, encoded] = PARAMETER.exec(parameter) ?? [];
    if (name === undefined || encoded === undefined) return undefined;
    const value = encoded.includes('%') ? decodeURIComponent(encoded) : encoded;
    const values = query.get(name);
    if (values === undefined) query.set(name, [value]);
    else if (name === 'scope') values.push(value);
    else return undefined;
  }
  return query;
}

async function respond(opening: PlainOpening, deps: DirectOpeningDeps): Promise<void> {
  const { req, env } = opening;
  const { incoming, outgoing } = env;
  try {
    await open(opening, deps);
  } catch (error) {
    if (outgoing.headersSent) {
      // What it would be answered with is reported all the same.
      problemAnswer(error, incoming, deps);
      outgoing.destroy();
      return;
    }
    const refusal = refusalContent(error, req.header('accept'), requestedBy(req), deps.openings.cursor());
    answerDirectly(
      incoming,
      outgoing,
      deps.isAllowedOrigin,
      refusal === undefined ? problemAnswer(error, incoming, deps) : { status: 200, ...refusal },
    );
  }
}

function problemAnswer(error: unknown, incoming: IncomingMessage, { onError }: DirectOpeningDeps) {
  const [path = ''] = (incoming.url ?? '').split('?');
  const problem = problemOf(error, { method: 'GET', path }, incoming, onError);
  return { status: problem.status, ...problemContent(problem) };
}

async function open(opening: PlainOpening, deps: DirectOpeningDeps): Promise<void> {
  const { openings, callers, isAllowedOrigin } = deps;
  const { incoming, outgoing } = opening.env;
  let release = () => {};
  const { identity, leave } = await enterAs(callers, authRequestOf(incoming, opening.url), requireListener, {
    tickets: true,
    fresh: true,
    admit: () =>
      whenReady(
        openings.admission.enter(() => outgoing.destroyed),
        (entered) => {
          release = entered;
          return entered;
        },
      ),
  });
  try {
    requireConnection(outgoing);
    const prepare = await prepareOpening(openings, opening, identity, opening.named, release);
    if (prepare === undefined) return;
    const { request, gzip } = prepare();
    openOnNode(
      incoming,
      outgoing,
      headOf(incoming.headers.origin, isAllowedOrigin),
      (sink) => openings.streams.open(request, sink),
      gzip && acceptsGzip(incoming.headers['accept-encoding']?.toString()),
    );
  } finally {
    leave();
  }
}

function headOf(origin: string | undefined, isAllowed: IsAllowedOrigin): readonly string[] {
  return origin === undefined ? HEAD : [...crossOriginHeaders(origin, isAllowed).flat(), ...STREAM_LINES];
}

const STREAM_LINES = Object.entries(STREAM_HEADERS).flat();
/** Head for a request that no page of another origin sent. */
const HEAD = [...crossOriginHeaders(undefined, () => false).flat(), ...STREAM_LINES];
