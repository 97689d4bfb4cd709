import { createRoute, z } from '@hono/zod-openapi';
import type { Revocations } from '../auth/revocations.ts';
import type { Queries } from '../db/database.ts';
import { refreshed, type Session, sessionPage } from '../protocol/api/session.ts';
import { Problem } from '../protocol/problem.ts';
import type { SessionCommands } from '../session/commands.ts';
import { keyOf, listSessions, type SessionKey, type StoredSession } from '../session/session-list.ts';
import type { Streams } from '../stream/streams.ts';
import { asAdmin, asUser } from './callers.ts';
import { createRouter, idParam, problems, type Router } from './router.ts';
import { whole } from './whole.ts';

export interface SessionRoutesDeps {
  readonly database: Pick<Queries, 'query'>;
  readonly commands: SessionCommands;
  readonly revocations: Revocations;
  readonly streams: Streams;
  /** Max age of the last heartbeat of an active session, ms. */
  readonly heartbeatTimeoutMs: number;
}

/** Id of a stream. Sessions registered from SQL have ids of their own choice. */
const streamId = z.object({
  id: z
    .string()
    .regex(/^[\x21-\x7e]{1,36}$/, 'is not the id of a stream')
    .openapi({ param: { name: 'id', in: 'path' }, example: '6f1c0e0a-1f5e-4c39-9d3f-0d4c4bb6a1f7' }),
});

const list = createRoute({
  method: 'get',
  path: '/sessions',
  tags: ['Sessions'],
  middleware: asAdmin,
  summary: 'Streams on all nodes, newest first; for admins',
  request: {
    query: z.object({
      active: z.enum(['true', 'false']).default('true'),
      player: idParam('player')
        .openapi({ param: { name: 'player', in: 'query' } })
        .optional(),
      node: z
        .string()
        .regex(/^[\x21-\x7e]{1,36}$/, 'is not the id of a node')
        .optional(),
      limit: whole(1, 200, 50),
      cursor: z.string().max(120).optional().openapi({ description: '`next` of the page before.' }),
    }),
  },
  responses: {
    200: {
      description: 'A page',
      content: {
        'application/json': {
          schema: sessionPage,
        },
      },
    },
    ...problems(400, 401, 403, 429, 503),
  },
});

const disconnect = createRoute({
  method: 'delete',
  path: '/sessions/{id}',
  tags: ['Sessions'],
  middleware: asUser,
  summary: 'Close a stream, on any node: an own one, or as an admin any',
  description: 'Answered at once; a stream of another node is closed within two seconds.',
  request: { params: streamId },
  responses: {
    204: { description: 'It is closed, or about to be' },
    ...problems(400, 401, 403, 404, 429, 503),
  },
});

const refresh = createRoute({
  method: 'post',
  path: '/streams/{id}/refresh',
  tags: ['Streams'],
  middleware: asUser,
  summary: 'Extend an own stream until the token of this request expires',
  request: { params: streamId },
  responses: {
    200: {
      description: 'The new end. The stream still ends at its maximum age.',
      content: {
        'application/json': {
          schema: refreshed,
        },
      },
    },
    ...problems(400, 401, 403, 404, 429, 503),
  },
});

const revoke = createRoute({
  method: 'post',
  path: '/users/{id}/revocations',
  tags: ['Sessions'],
  middleware: asAdmin,
  summary: 'Revoke every token and ticket that was issued to a user so far; for admins',
  description: "The user's streams on all nodes are closed within seconds.",
  request: { params: z.object({ id: idParam('id') }) },
  responses: { 204: { description: 'They are revoked' }, ...problems(400, 401, 403, 404, 429, 503) },
});

/** Routes that list, close and extend streams, and revoke tokens. */
export function sessionRoutes(deps: SessionRoutesDeps): Router {
  const { commands, revocations, streams } = deps;
  const router = createRouter();
  router.openapi(list, async (c) => {
    const { active, player, node, limit, cursor } = c.req.valid('query');
    const after = cursor === undefined ? undefined : parseSessionCursor(cursor);
    if (cursor !== undefined && after === undefined)
      throw new Problem('invalid-query', { errors: [{ pointer: '/cursor', detail: 'is not a cursor' }] });
    const query = { active: active === 'true', playerId: player, nodeId: node, limit: limit + 1, after };
    const found = await listSessions(deps.database, query, deps.heartbeatTimeoutMs);
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const next = found.length > limit && last ? formatSessionCursor(keyOf(last)) : null;
    return c.json({ sessions: page.map((found) => shown(found, streams)), next }, 200, {
      'cache-control': 'no-store',
    });
  });

  router.openapi(disconnect, async (c) => {
    const user = c.var.identity;
    const whose = user.role === 'ADMIN' ? undefined : user.userId;
    const found = await commands.disconnect(c.req.valid('param').id, whose, 'disconnected');
    if (!found) throw new Problem('not-found');
    return c.body(null, 204);
  });

  router.openapi(refresh, async (c) => {
    const user = c.var.identity;
    const { id } = c.req.valid('param');
    const expiresAt = await commands.refresh(id, user.userId, user.expiresAt);
    if (expiresAt === undefined) throw new Problem('not-found');
    return c.json({ streamId: id, expiresAt: expiresAt.toISOString() }, 200, { 'cache-control': 'no-store' });
  });

  router.openapi(revoke, async (c) => {
    const { id } = c.req.valid('param');
    await revocations.revoke(id);
    // Other nodes close theirs when they next revalidate their streams.
    streams.closeWhere((stream) => stream.owner.userId === id, 'revoked');
    return c.body(null, 204);
  });
  return router;
}

/** A row has the last delivered position as of its last write; a stream of this node, as of now. */
function shown(found: StoredSession, streams: Streams): Session {
  return {
    ...found,
    lastDeliveredId: streams.get(found.streamId)?.lastDeliveredId ?? found.lastDeliveredId,
    connectedAt: found.connectedAt.toISOString(),
    lastHeartbeatAt: found.lastHeartbeatAt.toISOString(),
    expiresAt: found.expiresAt?.toISOString() ?? null,
    disconnectedAt: found.disconnectedAt?.toISOString() ?? null,
  };
}

/** Encodes a position in the list of sessions as an opaque cursor. */
function formatSessionCursor([at, heartbeatAt, streamId]: SessionKey): string {
  return Buffer.from(`${at.getTime()}.${heartbeatAt.getTime()}.${streamId}`).toString('base64url');
}

/** Decodes a cursor; `undefined` where this service did not make it. */
function parseSessionCursor(text: string): SessionKey | undefined {
  const match = /^(\d{1,14})\.(\d{1,14})\.([\x21-\x7e]{1,36})$/.exec(
    Buffer.from(text, 'base64url').toString(),
  );
  return match ? [new Date(Number(match[1])), new Date(Number(match[2])), match[3] as string] : undefined;
}
