import { createRoute, z } from '@hono/zod-openapi';
import type { PlayerInboxes } from '../inbox/inbox.ts';
import { inboxCounts, inboxPage, marked, whichNotifications } from '../protocol/api/inbox.ts';
import type { ReceiptAction } from '../protocol/enums.ts';
import { type EventType, isEventType } from '../protocol/event.ts';
import { Problem } from '../protocol/problem.ts';
import { asPlayer } from './callers.ts';
import { jsonBody, LIST_BODY } from './json-body.ts';
import { createRouter, idParam, problems, type Router } from './router.ts';
import { before, whole } from './whole.ts';

export interface InboxRoutesDeps {
  readonly inbox: PlayerInboxes;
}

const flag = z.enum(['true', 'false']).optional();

const list = createRoute({
  method: 'get',
  path: '/notifications',
  tags: ['Inbox'],
  middleware: asPlayer,
  summary: "The player's notifications, newest first",
  request: {
    query: z.object({
      before,
      limit: whole(1, 100, 20),
      unread: flag,
      archived: flag,
      type: z.string().optional().openapi({ example: 'LEVEL_UP' }),
    }),
  },
  responses: {
    200: { description: 'A page', content: { 'application/json': { schema: inboxPage } } },
    ...problems(400, 401, 403, 429, 503),
  },
});

const count = createRoute({
  method: 'get',
  path: '/notifications/counts',
  tags: ['Inbox'],
  middleware: asPlayer,
  summary: 'How many are unread, unseen and in the inbox',
  responses: {
    200: { description: 'Counts', content: { 'application/json': { schema: inboxCounts } } },
    ...problems(401, 403, 429, 503),
  },
});

function markOneRoute(method: 'put' | 'delete', mark: string, summary: string) {
  return createRoute({
    method,
    path: `/notifications/{id}/${mark}`,
    tags: ['Inbox'],
    summary,
    middleware: asPlayer,
    request: { params: z.object({ id: idParam('id') }) },
    responses: {
      200: {
        description: 'Done, also where nothing changed',
        content: { 'application/json': { schema: marked } },
      },
      ...problems(400, 401, 403, 404, 429, 503),
    },
  });
}

function markManyRoute(mark: string, summary: string) {
  return createRoute({
    method: 'post',
    path: `/notifications/${mark}`,
    tags: ['Inbox'],
    summary,
    middleware: [asPlayer, jsonBody(LIST_BODY)] as const,
    request: { body: { required: true, content: { 'application/json': { schema: whichNotifications } } } },
    responses: {
      200: {
        description: 'Done, also where nothing changed',
        content: { 'application/json': { schema: marked } },
      },
      ...problems(400, 401, 403, 408, 413, 415, 422, 429, 503),
    },
  });
}

const ONE: readonly [method: 'put' | 'delete', mark: string, action: ReceiptAction, summary: string][] = [
  ['put', 'seen', 'seen', 'Mark as seen'],
  ['put', 'read', 'read', 'Mark as read, and so as seen'],
  ['delete', 'read', 'unread', 'Mark as unread'],
  ['put', 'archived', 'archived', 'Archive, and so mark as read'],
  ['delete', 'archived', 'unarchived', 'Take out of the archive'],
];
const MANY: readonly [mark: string, action: ReceiptAction, summary: string][] = [
  ['seen', 'seen', 'Mark many as seen: by their ids, or all through an id'],
  ['read', 'read', 'Mark many as read: by their ids, or all through an id'],
  ['archived', 'archived', 'Archive many: by their ids, or all through an id'],
];

/** Routes of the caller's inbox. Every change is echoed to the player's streams as `receipts`. */
export function inboxRoutes({ inbox }: InboxRoutesDeps): Router {
  const router = createRouter();
  router.openapi(list, async (c) => {
    const { playerId } = c.var.identity;
    const { before, limit, unread, archived, type } = c.req.valid('query');
    if (type !== undefined && !isEventType(type)) throw new Problem('invalid-type');
    const answer = await inbox.page(playerId, {
      before,
      limit,
      unread: unread === undefined ? undefined : unread === 'true',
      archived: archived === 'true',
      type: type as EventType | undefined,
    });
    const items = answer.items as unknown as z.output<typeof inboxPage>['items'];
    return c.json({ ...answer, items }, 200, { 'cache-control': 'no-store' });
  });
  router.openapi(count, async (c) =>
    c.json(await inbox.counts(c.var.identity.playerId), 200, { 'cache-control': 'no-store' }),
  );
  for (const [method, mark, action, summary] of ONE)
    router.openapi(markOneRoute(method, mark, summary), async (c) =>
      c.json(await inbox.markOne(c.var.identity.playerId, action, c.req.valid('param').id), 200),
    );
  for (const [mark, action, summary] of MANY)
    router.openapi(markManyRoute(mark, summary), async (c) => {
      const body = c.req.valid('json');
      const chosen = body.ids === undefined ? { throughId: body.throughId as number } : { ids: body.ids };
      return c.json(await inbox.mark(c.var.identity.playerId, action, chosen), 200);
    });
  return router;
}
