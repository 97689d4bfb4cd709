import { identityChanged, LiveError } from './live-error.ts';
import type { GetToken, TokenReason } from './types.ts';

/** Token source of one user: refuses a token of another one, so that a page never mixes two users. */
export class Credentials {
  readonly #getToken: GetToken | undefined;
  #identity: string | undefined;

  constructor(getToken: GetToken | undefined) {
    this.#getToken = getToken;
  }

  /** Whether there is a token source; otherwise the browser sends its cookie. */
  get hasToken(): boolean {
    return this.#getToken !== undefined;
  }

  /**
   * Headers and credentials mode of a request.
   * @throws LiveError `no-token`, `identity-changed`
   */
  async init(
    reason: TokenReason,
  ): Promise<{ headers: Record<string, string>; credentials: RequestCredentials }> {
    if (!this.#getToken) return { headers: {}, credentials: 'include' };
    const token = await this.#ask(reason);
    const identity = token === undefined ? undefined : identityOf(token);
    this.#identity ??= identity;
    if (identity !== this.#identity && identity !== undefined) throw identityChanged();
    return {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      credentials: token === undefined ? 'include' : 'same-origin',
    };
  }

  /** User of the first token; `undefined` before it, without tokens, or where it does not name one. */
  get identity(): string | undefined {
    return this.#identity;
  }

  async #ask(reason: TokenReason): Promise<string | undefined> {
    let token: unknown;
    try {
      token = await this.#getToken?.(reason);
    } catch (cause) {
      throw new LiveError('no-token', 'getToken failed', { cause });
    }
    // A header cannot contain other characters.
    if (token === undefined || (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token))) return token;
    throw new LiveError('no-token', 'getToken returned no token');
  }
}

/** User that a token's payload names. Not verified: the service does that. */
export function identityOf(token: string): string | undefined {
  try {
    const payload = token.split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/');
    const { id, sub } = JSON.parse(atob(payload ?? '')) as { id?: unknown; sub?: unknown };
    const found = id ?? sub;
    return typeof found === 'number' || typeof found === 'string' ? String(found) : undefined;
  } catch {
    return undefined;
  }
}
