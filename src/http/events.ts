import { createRoute, z } from '@hono/zod-openapi';
import { type LogPublisher, MAX_EVENTS, type UncheckedEvent } from '../events/log-publisher.ts';
import { parserOf } from '../protocol/parser.ts';
import { Problem } from '../protocol/problem.ts';
import type { Published } from '../protocol/publishing.ts';
import { asService } from './callers.ts';
import { EVENTS_BODY, jsonBody } from './json-body.ts';
import { createRouter, problems, type Router } from './router.ts';

export interface EventRoutesDeps {
  readonly publisher: LogPublisher;
}

const idempotencyKey = z
  .string()
  .regex(/^[\x20-\x7e]{1,128}$/, 'is 1 to 128 printable ASCII characters')
  .optional();

const event = z
  .strictObject({
    type: z.string().openapi({ example: 'LEVEL_UP' }),
    data: z
      .record(z.string(), z.unknown())
      .openapi({ example: { playerId: 7, oldLevel: 11, newLevel: 12, subRank: 'Silver II' } }),
    idempotencyKey: idempotencyKey.openapi({ example: 'level-up:7:12' }),
  })
  .openapi('NewEvent');

const published = z
  .object({
    events: z.array(
      z.object({
        type: z.string(),
        eventId: z.int(),
        notifications: z.array(z.object({ id: z.int(), scope: z.string() })),
        duplicate: z.boolean(),
        cursor: z.string().openapi({ example: '1042-k7f2' }),
      }),
    ),
  })
  .openapi('Published');

/** Schemas of a request to publish. */
export const PUBLISH_HEADERS = z.object({ 'idempotency-key': idempotencyKey });
const PUBLISH_BODY = z.union([event, z.array(event).min(1).max(MAX_EVENTS)]);

/** Parses the body as the route does. */
export const parsePublishBody = parserOf(PUBLISH_BODY);

const publish = createRoute({
  method: 'post',
  path: '/events',
  tags: ['Publishing'],
  summary: 'Publish one event, or up to 1,000 at once: all or none',
  description:
    'Answered once the events are durable. A repeat with the same idempotency key gets the first answer, with status 200.',
  security: [{ service: [] }],
  middleware: [asService, jsonBody(EVENTS_BODY)] as const,
  request: {
    headers: PUBLISH_HEADERS,
    body: {
      required: true,
      content: { 'application/json': { schema: PUBLISH_BODY } },
    },
  },
  responses: {
    200: { description: 'Published before', content: { 'application/json': { schema: published } } },
    201: { description: 'Published', content: { 'application/json': { schema: published } } },
    ...problems(400, 401, 403, 408, 409, 413, 415, 422, 429, 503),
  },
});

/** Publishing, for services. */
export function eventRoutes({ publisher }: EventRoutesDeps): Router {
  const router = createRouter();
  router.openapi(publish, async (c) => {
    const body = c.req.valid('json');
    if (body === undefined) throw new Problem('unsupported-media-type');
    const { status, answer } = await publishBody(publisher, body, c.req.valid('header')['idempotency-key']);
    return c.json(answer, status);
  });
  return router;
}

/** Publishes the events of a valid request: all or none. @param key of all of them */
export function publishBody(
  publisher: Pick<LogPublisher, 'publishUnchecked'>,
  body: z.output<typeof PUBLISH_BODY>,
  key: string | undefined,
): Promise<PublishAnswer> {
  const events = Array.isArray(body)
    ? body.map((one, index) => eventAt(one, `/${index}`))
    : [eventAt(body, '')];
  return publisher
    .publishUnchecked(events, key === undefined ? undefined : { idempotencyKey: key })
    .then(answerOf);
}

interface PublishAnswer {
  readonly status: 200 | 201;
  readonly answer: z.output<typeof published>;
}

const eventAt = ({ type, data, idempotencyKey }: z.output<typeof event>, at: string): UncheckedEvent => ({
  type,
  data,
  idempotencyKey,
  at,
});

const answerOf = (events: Published[]): PublishAnswer => ({
  status: events.every(isDuplicate) ? 200 : 201,
  answer: { events } as z.output<typeof published>,
});

const isDuplicate = ({ duplicate }: Published): boolean => duplicate;
