import { LiveError } from './live-error.ts';
import type { Transport } from './transport.ts';
import type { RefusedScope, ScopeInput } from './types.ts';

/**
 * Wanted scopes that are not requested: those that the service refused, until they are cleared, and those beyond the limit of
 * one request, from the end of the list.
 */
export class RefusedScopes {
  readonly #transport: Pick<Transport, 'fitting'>;
  readonly #refused = new Map<ScopeInput, LiveError>();
  /** Max scopes per stream, as the service answered. */
  #limit = Number.POSITIVE_INFINITY;
  #named = new Set<ScopeInput>();

  constructor(transport: Pick<Transport, 'fitting'>) {
    this.#transport = transport;
  }

  /** The wanted scopes to request. */
  without(wanted: readonly ScopeInput[]): readonly ScopeInput[] {
    const { allowed, room } = this.#judge(wanted);
    return room === wanted.length ? wanted : allowed.slice(0, room);
  }

  /** The wanted scopes that are not requested, each with its error. */
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
   * Records a refusal. Returns whether the remaining scopes can be requested without the refused ones.
   * @param asked scopes of the refused request
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

  /** Error that names the scopes beyond the limit; undefined if all of them were named before. */
  overflow(wanted: readonly ScopeInput[]): LiveError | undefined {
    const { allowed, room } = this.#judge(wanted);
    const over = allowed.slice(room);
    const news = over.some((scope) => !this.#named.has(scope));
    this.#named = new Set(over);
    return news ? tooManyScopes(over) : undefined;
  }

  /** Clears one scope, or all scopes and the limit. */
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
  return new LiveError('too-many-scopes', `too many scopes for one stream: ${scopes.join(', ')}`, { scopes });
}
