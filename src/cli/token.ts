import { deriveKeys } from '../auth/keys.ts';
import { mintPlatformToken, mintServiceToken } from '../auth/mint.ts';
import { type Config, loadConfig } from '../config/config.ts';
import { completeSecrets } from '../config/secret.ts';
import { parseId } from '../protocol/scope.ts';
import { parseDuration } from './arguments.ts';
import type { CliContext } from './context.ts';
import { withDatabase } from './database-access.ts';
import { CliFailure, EXIT } from './failure.ts';
import { anAdmin, personOfPlayer, requireSharedSecret } from './identities.ts';
import { safeText } from './safe-text.ts';

export interface TokenOptions {
  readonly user?: string;
  readonly player?: string;
  readonly admin?: boolean;
  readonly service?: string;
  readonly ttl: string;
  readonly yes?: boolean;
}

/** Prints a token that the configured service accepts; the standard output has nothing else. */
export async function printToken(options: TokenOptions, { env, out, err }: CliContext): Promise<void> {
  const subject = subjectOf(options);
  const lifetimeS = parseDuration(options.ttl);
  if (lifetimeS === undefined)
    throw new CliFailure(`"${options.ttl}" is not a time such as 30m, 12h or 7d.`, EXIT.usage);
  const config = loadConfig(env);
  if (config.mode === 'production' && !options.yes)
    throw new CliFailure(
      'This would make a token for production, usable by any holder. If that is intended, add --yes.',
    );
  const made = await make(config, subject, lifetimeS);
  out.line(made.token);
  if (out.isTerminal) {
    const until = new Date(Date.now() + lifetimeS * 1000).toISOString().slice(0, 16).replace('T', ' ');
    err.line(err.paint('dim', `for ${made.who}, until ${until} UTC`));
  }
}

type Subject =
  | { readonly kind: 'user' | 'player'; readonly id: number }
  | { readonly kind: 'admin' }
  | { readonly kind: 'service'; readonly name: string };

function subjectOf({ user, player, admin, service }: TokenOptions): Subject {
  const given = [user, player, admin || undefined, service].filter((value) => value !== undefined);
  if (given.length !== 1)
    throw new CliFailure(
      'Whose token? Give one of --user <id>, --player <id>, --admin and --service <name>.',
      EXIT.usage,
    );
  if (admin) return { kind: 'admin' };
  if (service !== undefined) {
    if (service.length > 64 || service.trim() === '')
      throw new CliFailure('The name of a service has 1 to 64 characters.', EXIT.usage);
    return { kind: 'service', name: service };
  }
  const text = user ?? player ?? '';
  const id = parseId(text);
  if (id === undefined) throw new CliFailure(`"${text}" is not an id.`, EXIT.usage);
  return { kind: user === undefined ? 'player' : 'user', id };
}

async function make(
  config: Config,
  subject: Subject,
  lifetimeS: number,
): Promise<{ token: string; who: string }> {
  const auth = await completeSecrets(config);
  if (subject.kind === 'service') {
    const { name } = subject;
    return {
      token: await mintServiceToken(deriveKeys(auth).service, name, { lifetimeS }),
      who: `service ${name}`,
    };
  }
  const secret = requireSharedSecret(auth);
  if (subject.kind === 'user')
    return { token: await mintPlatformToken(secret, subject.id, { lifetimeS }), who: `user ${subject.id}` };
  const person = await withDatabase(config.database, (database) =>
    subject.kind === 'player' ? personOfPlayer(database, subject.id) : anAdmin(database),
  );
  const role = subject.kind === 'player' ? `player ${subject.id}` : 'an admin';
  return {
    token: await mintPlatformToken(secret, person.userId, { lifetimeS }),
    who: `${safeText(person.name)} (${role}, user ${person.userId})`,
  };
}
