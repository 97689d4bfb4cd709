import type { CliContext } from './context.ts';
import { CliFailure, EXIT } from './failure.ts';

/** Token that a command sends, and the name to print for it. */
export interface CliIdentity {
  /** Name to print; undefined where the token was given. */
  readonly who?: string;
  /** Returns a valid token, a new one each time if it was made here. */
  readonly token: () => Promise<string>;
}

export const TOKEN_NEEDED =
  'A token is needed: --token, or LIVE_TOKEN. `codecraft-live token --help` says how to make one.';

/**
 * Reads the token from the option, else from `LIVE_TOKEN`.
 *
 * @throws CliFailure when it cannot be a token.
 */
export function givenToken(option: string | undefined, env: CliContext['env']): string | undefined {
  const text = (option ?? env.LIVE_TOKEN)?.trim();
  if (text === undefined || (text === '' && option === undefined)) return undefined;
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  throw new CliFailure('That is not a token: it is empty, or contains spaces or line breaks.', EXIT.usage);
}
