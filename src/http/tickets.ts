import { createRoute } from '@hono/zod-openapi';
import type { Grants } from '../auth/grants.ts';
import type { Tickets } from '../auth/ticket.ts';
import { ticket, ticketRequest } from '../protocol/api/ticket.ts';
import { formatScope } from '../protocol/scope.ts';
import { asUser } from './callers.ts';
import { jsonBody, LIST_BODY } from './json-body.ts';
import { parseScopes, withRequestedNames } from './requested-scopes.ts';
import { createRouter, problems, type Router } from './router.ts';

export interface TicketRoutesDeps {
  readonly tickets: Tickets;
  readonly grants: Grants;
  /** Max scopes of one ticket; fewer where their names are long. */
  readonly maxScopes: number;
}

const create = createRoute({
  method: 'post',
  path: '/tickets',
  tags: ['Streams'],
  middleware: [asUser, jsonBody(LIST_BODY)] as const,
  summary: 'A ticket for an EventSource, which cannot send headers',
  description:
    'Valid for the named scopes only, for a short time, as `?ticket=` of a stream. A stream opened with it may reconnect with it.',
  request: {
    body: {
      required: true,
      content: {
        'application/json': {
          schema: ticketRequest,
        },
      },
    },
  },
  responses: {
    201: {
      description: 'The ticket',
      content: {
        'application/json': {
          schema: ticket,
        },
      },
    },
    ...problems(400, 401, 403, 404, 408, 413, 415, 422, 429, 503),
  },
});

/** Route that issues tickets. */
export function ticketRoutes({ tickets, grants, maxScopes }: TicketRoutesDeps): Router {
  const router = createRouter();
  router.openapi(create, async (c) => {
    const { identity } = c.var;
    const texts = c.req.valid('json').scopes;
    const parsed = parseScopes(texts, identity, maxScopes);
    await grants.authorise(identity, parsed, true).catch(withRequestedNames(texts, identity));
    const scopes = [...new Set(parsed.map(formatScope))];
    const issued = await tickets.issue(identity, scopes);
    return c.json({ ticket: issued.ticket, scopes, expiresAt: issued.expiresAt.toISOString() }, 201, {
      'cache-control': 'no-store',
    });
  });
  return router;
}
