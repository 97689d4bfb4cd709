/** How long an event whose scope is locked delays those after it, in ms: the lock of another node is over by then. */
const PATIENCE_MS = 1_000;
/** Time between two attempts to publish an event that is passed over, in ms. */
const RETRY_MS = 1_000;
/** Age of an entry that nothing has asked for, in ms. */
const FORGOTTEN_MS = 60_000;

/**
 * Scopes whose events wait, since another transaction has locked what they change. They delay the events after them for a
 * second, and are passed over from then on. Times are those of `performance.now()`.
 */
export class LockedScopes {
  readonly #locked = new Map<string, { readonly since: number; retryAt: number }>();

  /** Whether events of this scope are to be left for a later page. */
  isPassedOver(scope: string, now: number): boolean {
    return now < (this.#locked.get(scope)?.retryAt ?? 0);
  }

  /** Notes that a lock was met. @returns whether the event is to be passed over from now on */
  met(scope: string, now: number): boolean {
    for (const [other, { retryAt }] of this.#locked)
      if (retryAt < now - FORGOTTEN_MS) this.#locked.delete(other);
    const known = this.#locked.get(scope) ?? { since: now, retryAt: now };
    this.#locked.set(scope, known);
    if (now - known.since < PATIENCE_MS) return false;
    known.retryAt = now + RETRY_MS;
    return true;
  }

  /** Notes that an event of this scope was published. */
  free(scope: string): void {
    this.#locked.delete(scope);
  }
}
