import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { EventType } from '../../protocol/event.ts';
import { eventTypeOf } from '../arguments.ts';
import type { CliContext } from '../context.ts';
import { CliFailure, EXIT } from '../failure.ts';
import { type CliIdentity, givenToken, TOKEN_NEEDED } from '../given-token.ts';
import { quickstartConfig, quickstartService } from '../quickstart.ts';
import { adviceOn, type DescribedRefusal, exitOf } from '../refusal.ts';
import { safeJson, safeText } from '../safe-text.ts';
import { serviceUrl, shownUrl } from '../service-url.ts';
import { describeFields, type EventFields, parseJsonData, parsePairs } from './event-data.ts';
import { send } from './send.ts';

export interface PublishCommandOptions {
  readonly url?: string;
  readonly token?: string;
  readonly key?: string;
  readonly json?: boolean;
}

/** Fields of the service's answer that are printed. */
const publishedEvents = z.object({
  events: z
    .array(
      z.object({
        type: z.string(),
        eventId: z.number(),
        notifications: z.array(z.object({ id: z.number(), scope: z.string() })),
        duplicate: z.boolean(),
        cursor: z.string(),
      }),
    )
    .min(1),
});

/** Publishes one event, and prints its notifications. */
export async function publish(
  typeText: string,
  data: readonly string[],
  options: PublishCommandOptions,
  context: CliContext,
): Promise<void> {
  const { env, out, fetch, signal } = context;
  const type = eventTypeOf(typeText, 'public');
  const fields = await readFields(type, data, context);
  const base = serviceUrl(options.url, env);
  const { token } = await identityFor(base, options, context);
  const idempotencyKey = options.key ?? `cli:${randomUUID()}`;
  const body = { type, data: fields, idempotencyKey };
  const outcome = await send({ url: new URL('events', base), token: await token(), body, fetch, signal });

  if (outcome.kind === 'unreachable')
    throw new CliFailure(`${shownUrl(base)} cannot be reached: ${outcome.why}.`);
  if (outcome.kind === 'refused')
    throw new CliFailure(sentencesOn(outcome.refusal, type), exitOf(outcome.refusal));
  if (options.json) {
    out.line(safeJson(outcome.body));
    return;
  }
  const parsed = publishedEvents.safeParse(outcome.body);
  if (!parsed.success) throw new CliFailure('What answers there is not this service.');
  for (const event of parsed.data.events) {
    const what = event.duplicate ? 'was published before, with the same key' : 'is published';
    out.line(
      `${out.paint('green', '✓')} ${event.type} ${what}: event ${event.eventId}, cursor ${event.cursor}`,
    );
    for (const { id, scope } of event.notifications) out.line(`  #${id}  ${safeText(scope)}`);
  }
}

async function readFields(
  type: EventType,
  data: readonly string[],
  { stdin }: CliContext,
): Promise<EventFields> {
  const [first] = data;
  if (first === undefined)
    throw new CliFailure(
      `What happened? Give JSON, key=value, or - to read JSON. ${describeFields(type)}`,
      EXIT.usage,
    );
  if (data.length > 1) return parsePairs(type, data);
  if (first === '-') return parseJsonData(await readAll(stdin), 'What was read');
  if (/^\s*[{[]/.test(first)) return parseJsonData(first, 'That');
  return parsePairs(type, data);
}

async function readAll(stdin: CliContext['stdin']): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stdin) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  return Buffer.concat(chunks).toString();
}

async function identityFor(
  base: URL,
  { token }: PublishCommandOptions,
  { env }: CliContext,
): Promise<CliIdentity> {
  const given = givenToken(token, env);
  if (given !== undefined) return { token: async () => given };
  const config = quickstartConfig(base, env);
  if (config !== undefined) return quickstartService(config);
  throw new CliFailure(TOKEN_NEEDED, EXIT.refused);
}

function sentencesOn(refusal: DescribedRefusal, type: EventType): string {
  const { sentence, errors = [], code } = refusal;
  const advice =
    code === 'forbidden'
      ? 'Only services publish: `codecraft-live token --service <name>`.'
      : adviceOn(refusal);
  // The detail of an invalid event repeats its first error.
  const head = errors.length === 0 ? sentence : (sentence.split(': ')[0] ?? sentence);
  const lines = errors.map(({ pointer, detail }) => `  ${safeText(pointer || '/')}  ${safeText(detail)}`);
  const fields = code === 'invalid-event' ? [describeFields(type)] : [];
  return [`Not published: ${head}.${advice === undefined ? '' : ` ${advice}`}`, ...lines, ...fields].join(
    '\n',
  );
}
