import { LiveError } from './live-error.ts';
import type { Transport } from './transport.ts';
import type { RefusedScope, ScopeInput } from './types.ts';

/**
 * The scopes that are not asked for although they are wanted: what the service refused, until somebody asks anew, and what
 * one request has no room for, the last ones first.
 */
export class RefusedScopes {
  readonly #transport: Pick<Transport, 'fitting'>;
  readonly #refused = new Map<ScopeInput, LiveError>();
  /** Max scopes that the service takes, as it said. */
  #limit = Number.POSITIVE_INFINITY;
  #named = new Set<ScopeInput>();

  constructor(transport: Pick<Transport, 'fitting'>) {
    this.#transport = transport;
  }

  /** What is left to ask for. */
  without(wanted: readonly ScopeInput[]): readonly ScopeInput[] {
    const { allowed, room } = this.#judge(wanted);
    return room === wanted.length ? wanted : allowed.slice(0, room);
  }

  /** Those of the wanted ones that are not heard, each with why. */
  among(wanted: readonly ScopeInput[]): readonly RefusedScope[] {
    const { allowed, room } = this.#judge(wanted);
    const over = allowed.slice(room);
    const tooMany = tooManyScopes(over);
    return wanted.flatMap((scope): RefusedScope[] => {
      const error = this.#refused.get(scope) ?? (over.includes(scope) ? tooMany : undefined);
      return error ? [{ scope, error }] : [];
    });
  }

  /**
   * Takes a refusal in. Whether the rest may be asked for without what it names.
   * @param asked what the refused request asked for
   */
  leaveOut(error: LiveError, asked: readonly ScopeInput[]): boolean {
    if (error.code === 'too-many-scopes') {
      const limit = Math.min(error.limit ?? Math.floor(asked.length / 2), asked.length - 1);
      this.#limit = Math.max(1, limit);
      return asked.length > 1;
    }
    const named = asked.filter((scope) => error.scopes.includes(scope));
    for (const scope of named) this.#refused.set(scope, error);
    return named.length > 0 && named.length < asked.length;
  }

  /** An error that names the scopes which do not fit, unless each of them was named before. */
  overflow(wanted: readonly ScopeInput[]): LiveError | undefined {
    const { allowed, room } = this.#judge(wanted);
    const over = allowed.slice(room);
    const news = over.some((scope) => !this.#named.has(scope));
    this.#named = new Set(over);
    return news ? tooManyScopes(over) : undefined;
  }

  /** Forgets one, or all and with them the service's limit. */
  forget(scope?: ScopeInput): void {
    if (scope !== undefined) {
      this.#refused.delete(scope);
      return;
    }
    this.#refused.clear();
    this.#limit = Number.POSITIVE_INFINITY;
  }

  #judge(wanted: readonly ScopeInput[]): { allowed: readonly ScopeInput[]; room: number } {
    const allowed = this.#refused.size === 0 ? wanted : wanted.filter((scope) => !this.#refused.has(scope));
    return { allowed, room: Math.min(this.#limit, this.#transport.fitting(allowed)) };
  }
}

function tooManyScopes(scopes: readonly ScopeInput[]): LiveError {
  return new LiveError('too-many-scopes', `one stream has no room for ${scopes.join(', ')}`, { scopes });
}
