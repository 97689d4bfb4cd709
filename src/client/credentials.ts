import { identityChanged, LiveError } from './live-error.ts';
import type { GetToken, TokenReason } from './types.ts';

/** The tokens of one user: a token of somebody else is refused, so that what is shown is never two people's. */
export class Credentials {
  readonly #getToken: GetToken | undefined;
  #identity: string | undefined;

  constructor(getToken: GetToken | undefined) {
    this.#getToken = getToken;
  }

  /** Whether there are tokens; otherwise the browser sends its cookie. */
  get hasToken(): boolean {
    return this.#getToken !== undefined;
  }

  /**
   * What a request needs to be this user's.
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

  /** Whose the tokens are, as the first of them said; `undefined` before it, or where there is none, or it does not say. */
  get identity(): string | undefined {
    return this.#identity;
  }

  async #ask(reason: TokenReason): Promise<string | undefined> {
    let token: unknown;
    try {
      token = await this.#getToken?.(reason);
    } catch (cause) {
      throw new LiveError('no-token', 'no token could be had', { cause });
    }
    // What a header cannot carry is no token.
    if (token === undefined || (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token))) return token;
    throw new LiveError('no-token', 'what getToken gave is no token');
  }
}

/** Whose a token is, as its payload says; verified by the service alone. */
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
