import type { CloseReason } from '../../protocol/control.ts';
import { parseCursor } from '../../protocol/cursor.ts';
import { parseScope } from '../../protocol/scope.ts';
import { eventTypeOf } from '../arguments.ts';
import type { CliContext } from '../context.ts';
import { CliFailure, EXIT, type ExitCode } from '../failure.ts';
import { type CliIdentity, givenToken, TOKEN_NEEDED } from '../given-token.ts';
import { quickstartConfig, quickstartListener } from '../quickstart.ts';
import { adviceOn, type DescribedRefusal, exitOf } from '../refusal.ts';
import { safeJson } from '../safe-text.ts';
import { serviceUrl, shownUrl } from '../service-url.ts';
import { type Ending, follow, type StreamMessage } from './follow.ts';
import { createNarrator } from './narrate.ts';
import { isNotification, notificationLine, snapshotLine } from './show.ts';

export interface TailOptions {
  readonly url?: string;
  readonly token?: string;
  readonly types?: string;
  readonly since?: string;
  readonly json?: boolean;
}

/** Prints the events of these scopes until it is interrupted. */
export async function tail(
  scopes: readonly string[],
  options: TailOptions,
  context: CliContext,
): Promise<ExitCode> {
  const { env, out, err, signal, fetch } = context;
  const base = serviceUrl(options.url, env);
  const url = streamUrl(base, scopes, options);
  const identity = await identityFor(base, scopes, options, context);
  if (identity.who !== undefined) err.line(err.paint('dim', `as ${identity.who}`));

  const narrator = createNarrator(err, shownUrl(base));
  const onMessage = (message: StreamMessage) => {
    if (options.json) out.line(safeJson(message));
    else if (isNotification(message)) out.line(notificationLine(message, out));
    else if (message.event === 'leaderboard-snapshot') out.line(snapshotLine(message, out));
    if (!isNotification(message)) narrator.control(message);
  };
  const ending = await follow({
    url,
    token: identity.token,
    fetch,
    signal,
    onMessage,
    onLost: narrator.lost,
  });
  return conclude(ending);
}

function conclude(ending: Ending): ExitCode {
  if (ending.kind === 'stopped') return EXIT.fine;
  if (ending.kind === 'closed') {
    const { reason } = ending;
    throw new CliFailure(`The service closed the stream: ${WHY_CLOSED[reason] ?? reason}.`, EXIT.refused);
  }
  const { refusal } = ending;
  throw new CliFailure(sentencesOn(refusal), exitOf(refusal));
}

function sentencesOn(refusal: DescribedRefusal): string {
  const advice = adviceOn(refusal);
  return `No stream: ${refusal.sentence}.${advice === undefined ? '' : ` ${advice}`}`;
}

const WHY_CLOSED: Readonly<Partial<Record<CloseReason, string>>> = {
  revoked: 'the token was revoked, the account blocked, or a right lost',
  disconnected: 'an operator ended it',
  replaced: 'this player opened too many other streams',
};

function streamUrl(base: URL, scopes: readonly string[], { types, since }: TailOptions): URL {
  const url = new URL('streams', base);
  for (const scope of scopes) {
    if (scope !== 'player:me' && parseScope(scope) === undefined)
      throw new CliFailure(
        `"${scope}" is not a scope. Scopes are player:me, player:7, contest:3, contest:3:leaderboard, problem:5 and global.`,
        EXIT.usage,
      );
    url.searchParams.append('scope', scope);
  }
  if (types !== undefined)
    url.searchParams.set(
      'types',
      types
        .split(',')
        .map((type) => eventTypeOf(type, 'all'))
        .join(','),
    );
  if (since !== undefined) {
    if (since !== 'earliest' && parseCursor(since) === undefined)
      throw new CliFailure(`"${since}" is not a cursor such as 1042-k7f2, and not \`earliest\`.`, EXIT.usage);
    url.searchParams.set('lastEventId', since);
  }
  return url;
}

async function identityFor(
  base: URL,
  scopes: readonly string[],
  { token }: TailOptions,
  { env }: CliContext,
): Promise<CliIdentity> {
  const given = givenToken(token, env);
  if (given !== undefined) return { token: async () => given };
  const config = quickstartConfig(base, env);
  if (config !== undefined) return quickstartListener(config, scopes);
  throw new CliFailure(TOKEN_NEEDED, EXIT.refused);
}
