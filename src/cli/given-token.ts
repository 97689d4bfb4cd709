import type { CliContext } from './context.ts';
import { CliFailure, EXIT } from './failure.ts';

/** In whose name something is done. */
export interface Identity {
  /** Undefined where only the token knows. */
  readonly who?: string;
  /** Asked for whenever it is needed: it may be another each time. */
  readonly token: () => Promise<string>;
}

export const TOKEN_NEEDED =
  'A token is needed: --token, or LIVE_TOKEN. `codecraft-live token --help` says how to make one.';

/**
 * The token that was given with the command or in `LIVE_TOKEN`.
 *
 * @throws CliFailure when it cannot be one.
 */
export function givenToken(option: string | undefined, env: CliContext['env']): string | undefined {
  const text = (option ?? env.LIVE_TOKEN)?.trim();
  if (text === undefined || (text === '' && option === undefined)) return undefined;
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  throw new CliFailure('That is not a token: it is empty, or holds blanks or line breaks.', EXIT.usage);
}
