import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Grants } from '../auth/grants.ts';
import type { UserIdentity } from '../auth/identity.ts';
import type { TypeFilter } from '../channel/batch.ts';
import { EVENT_TYPES, isEventType } from '../protocol/event.ts';
import { Problem } from '../protocol/problem.ts';
import { formatScope, type ParsedScope, ROLE_SCOPES } from '../protocol/scope.ts';
import type { Admission } from '../stream/admission.ts';
import type { createPlanner } from '../stream/resolve-plan.ts';
import type { OpenRequest, Streams } from '../stream/streams.ts';
import type { AddressOf } from './app-env.ts';
import { parseScopes, splitScopes, withRequestedNames } from './requested-scopes.ts';
import { requireFreeConnection, streamOwnerOf } from './stream-response.ts';

export interface StreamOpeningDeps {
  /** The database's time, in ms since 1970. */
  readonly now: () => number;
  readonly streams: Streams;
  readonly plan: ReturnType<typeof createPlanner>;
  readonly grants: Grants;
  readonly addressOf: AddressOf;
  /** Cursor of the newest frame that was delivered to streams of this node. */
  readonly cursor: () => string;
  /** Max scopes on one stream. */
  readonly maxScopes: number;
  readonly admission: Pick<Admission, 'enter'>;
  /** Whether streams are compressed for clients that accept gzip. */
  readonly gzip: boolean;
}

/** Request for a stream, whichever path it comes by. */
export interface OpeningRequest {
  readonly req: {
    readonly method: string;
    header(name: string): string | undefined;
    /** First value of a parameter of the query. */
    query(name: string): string | undefined;
    queries(name: string): string[] | undefined;
  };
  /** Absent where no Node server is in front of the app. */
  readonly env?: { readonly incoming?: IncomingMessage; readonly outgoing?: ServerResponse } | undefined;
}

/** What the path of a request says of the scopes. */
export interface NamedScopes {
  readonly of: (request: OpeningRequest, identity: UserIdentity, maxScopes: number) => readonly ParsedScope[];
  /** Whether the query names them: a refusal names them, too. */
  readonly inQuery: boolean;
}

/** Scopes in the query, else those of the ticket. */
export const QUERIED_SCOPES: NamedScopes = {
  of: (request, identity, maxScopes) => parseScopes(requestedScopes(request, identity), identity, maxScopes),
  inQuery: true,
};

function requestedScopes({ req }: OpeningRequest, { ticket }: UserIdentity): readonly string[] {
  return splitScopes(req.queries('scope')) ?? ticket?.scopes ?? [];
}

/** Cursor that a stream is to resume after. `Last-Event-ID` outranks the query. */
export function requestedBy(req: Pick<OpeningRequest['req'], 'header' | 'query'>): string | undefined {
  return req.header('last-event-id') || req.query('lastEventId') || undefined;
}

/** Stream that may be opened now. */
export interface PreparedOpening {
  readonly request: OpenRequest;
  /** Whether it is compressed where the client accepts that. */
  readonly gzip: boolean;
}

/**
 * Checks the rights of a request for a stream, and reads what decides where the stream begins.
 *
 * @param release passes the request's place in the admission control to the next
 * @returns what plans the stream by the log of that moment, to be called in the tick in which it is opened (it throws Problem
 * `overloaded` or `shutting-down`); undefined for HEAD, which opens none
 * @throws Problem `token-expired`, those of the scopes and their rights, `invalid-type`, `stream-on-busy-connection`,
 * `overloaded`, `shutting-down`; and errors of the database
 */
export async function prepareOpening(
  deps: StreamOpeningDeps,
  asked: OpeningRequest,
  identity: UserIdentity,
  named: NamedScopes,
  release: () => void,
): Promise<(() => PreparedOpening) | undefined> {
  const { req } = asked;
  // Verification tolerates clock skew. A stream would end at once, and its client would reconnect at once.
  if (identity.expiresAt.getTime() <= deps.now()) throw new Problem('token-expired');
  const parsed = named.of(asked, identity, deps.maxScopes);
  const filter = filterOf(req.query('types'));
  try {
    await deps.grants.authorise(identity, parsed, named.inQuery);
  } catch (error) {
    const names = named.inQuery ? requestedScopes(asked, identity) : [];
    withRequestedNames(names, identity)(error);
  }
  // What follows reads what all openings share, and may wait for the log: others open meanwhile.
  release();
  if (req.method === 'HEAD') return undefined;

  requireFreeConnection(asked);
  const withCells = req.query('cells') === '1';
  const scopes = [
    ...new Set(parsed.flatMap((scope) => withAudience(scope, identity, withCells)).map(formatScope)),
  ];
  deps.streams.admit();
  const requested = requestedBy(req);
  const resume = await deps.plan(requested, scopes, filter?.types);
  return () => {
    // Again: streams may have been closed while the plan was read from the database.
    deps.streams.admit();
    const owner = streamOwnerOf(req, identity, deps.addressOf(asked));
    const { expiresAt } = identity;
    return {
      request: { owner, scopes, filter, requested, plan: resume(), expiresAt },
      // Nor are streams of admins compressed, which carry what users who chose some of the text may not read.
      gzip: deps.gzip && identity.role !== 'ADMIN',
    };
  };
}

/**
 * Adds what a freeze shows: to admins the real leaderboard and the hidden events, to others the frozen leaderboard; and the
 * cells of leaderboards, where they are asked for. With `global` comes what is for the user's role alone.
 */
function withAudience(scope: ParsedScope, { role }: UserIdentity, withCells: boolean): ParsedScope[] {
  const admin = role === 'ADMIN';
  if (scope.kind === 'leaderboard') {
    const { id } = scope;
    const cells: ParsedScope[] = withCells ? [{ kind: admin ? 'realCells' : 'cells', id }] : [];
    return admin
      ? [scope, { kind: 'real', id }, { kind: 'hidden', id }, ...cells]
      : [scope, { kind: 'shown', id }, ...cells];
  }
  if (scope.kind === 'cells' && admin) return [scope, { kind: 'realCells', id: scope.id }];
  // The platform may have roles that this release does not know: there is nothing for these alone.
  if (scope.kind === 'global' && Object.hasOwn(ROLE_SCOPES, role))
    return [scope, { kind: ROLE_SCOPES[role] }];
  return scope.kind === 'contest' && admin ? [scope, { kind: 'hidden', id: scope.id }] : [scope];
}

function filterOf(text: string | undefined): TypeFilter | undefined {
  if (text === undefined) return undefined;
  const names = text.split(',').map((name) => name.trim());
  const types = names.filter(isEventType);
  if (types.length !== names.length)
    throw new Problem('invalid-type', { detail: `types are ${EVENT_TYPES.join(', ')}` });
  const sorted = [...new Set(types)].sort();
  return { key: sorted.join(','), types: new Set(sorted) };
}
