import type { Queries } from '../db/database.ts';
import type { Role } from '../protocol/enums.ts';
import { Problem } from '../protocol/problem.ts';
import { formatScope, type ParsedScope, parseScope, type Scope, scopes as spell } from '../protocol/scope.ts';
import { Batched } from '../util/batched.ts';
import { findChangedAccounts } from './changed-accounts.ts';
import { type AccessCheck, loadAccessFacts } from './facts.ts';
import type { Identity } from './identity.ts';
import { type AccessFacts, isOpen, isOwn, mayListen } from './listening.ts';
import { TtlCache } from './ttl-cache.ts';
import { type AccountRefusal, refusalOf, type Users } from './users.ts';

/** Open stream, as far as its access is concerned. */
export interface StreamAccess {
  readonly userId: number;
  readonly playerId: number | undefined;
  readonly role: Role;
  readonly issuedAt: Date;
  readonly scopes: readonly Scope[];
}

/**
 * Loss of access, for which a stream must be closed: its user was deleted or blocked, or the tokens were revoked;
 * `changed`: role or player differ from those that the stream was opened with; `scope-lost`: it may no longer listen to
 * `scope`.
 */
export interface Loss<L extends StreamAccess = StreamAccess> {
  readonly listener: L;
  readonly why: AccountRefusal | 'changed' | 'scope-lost';
  readonly scope?: Scope;
}

export interface Grants {
  /**
   * Checks that this identity may listen to all of these scopes; at most two queries for all that are checked together. Scopes of other players, private
   * ones and non-existent ones get the same answer.
   *
   * @param naming whether a refusal names the refused scopes; only for callers who named them themselves
   * @throws Problem `forbidden` to services, and to tickets for other scopes than theirs; `not-found`
   */
  authorise(identity: Identity, scopes: readonly ParsedScope[], naming?: boolean): Promise<void>;
  /** Evicts contests from the cache of what all users may listen to. */
  forgetContests(contestIds: readonly number[]): void;
  /**
   * Whether `forgetContests` is called for each right that the platform withdraws, so that what is open to all users may be
   * cached. Until then nothing is.
   */
  set reported(reported: boolean);
  /** Finds the streams that lost their access, in the current state of the database. A query per 1,000 users, and a few for the scopes of all. */
  recheck<L extends StreamAccess>(listeners: readonly L[]): Promise<Loss<L>[]>;
}

/** Time for which a contest or problem is cached as open to all users, in ms. */
const TTL_MS = 3000;
const CAPACITY = 10_000;
/** Bounds of the reads for requests, each of which decides for all requests that came together. */
const READS = { maxItems: 500, maxRuns: 2, spacingMs: 10 };

export function createGrants(
  database: Pick<Queries, 'query'>,
  users: Pick<Users, 'read' | 'forget'>,
  options: { readonly now?: () => number; readonly background?: Pick<Queries, 'query'> } = {},
): Grants {
  const { background = database, ...intervals } = options;
  /** Scopes that are open to all users. Refusals are not cached. */
  const open = new TtlCache<string, true>({ ttlMs: TTL_MS, capacity: CAPACITY, ...intervals });

  let reported = false;
  /** Number of times that something was evicted: what was read before may be out of date. */
  let evictions = 0;

  /** @param since `evictions` when the facts began to be read */
  function remember(facts: AccessFacts, since: number): void {
    if (!reported || evictions !== since) return;
    for (const id of facts.problems) open.set(spell.problem(id), true);
    for (const [id, contest] of facts.contests) if (isOpen(contest)) open.set(spell.contest(id), true);
  }

  const requested = new Batched(async (checks: readonly AccessCheck[]) => {
    const since = evictions;
    const facts = await loadAccessFacts(database, checks);
    remember(facts, since);
    return facts;
  }, READS);

  return {
    async authorise(identity, scopes, naming = false) {
      const named = (refused: readonly ParsedScope[]) => (naming ? { scopes: refused.map(formatScope) } : {});
      if (identity.kind !== 'user')
        throw new Problem('forbidden', { detail: 'A service may publish, not listen.' });
      const { ticket } = identity;
      const granted = ticket && new Set(ticket.scopes);
      const foreign = scopes.filter((scope) => granted?.has(formatScope(scope)) === false);
      if (foreign.length > 0)
        throw new Problem('forbidden', {
          detail: 'The ticket is for other scopes.',
          ...named(foreign),
        });

      const unknown = scopes.filter(
        (scope) => !isOwn(identity, scope) && open.get(subjectOf(scope)) !== true,
      );
      if (unknown.length === 0) return;
      // Whether another player exists is read for admins alone: others may not listen to that player either way.
      const judged = unknown.filter(({ kind }) => kind !== 'player' || identity.role === 'ADMIN');
      const facts = await requested.add(judged.map((scope) => ({ viewer: identity, scope })));
      const refused = unknown.filter((scope) => !mayListen(identity, scope, facts));
      if (refused.length > 0) throw new Problem('not-found', named(refused));
    },

    set reported(all: boolean) {
      reported = all;
      if (all) return;
      evictions++;
      open.clear();
    },

    forgetContests(contestIds) {
      if (contestIds.length > 0) evictions++;
      for (const id of contestIds) open.delete(spell.contest(id));
    },

    async recheck(listeners) {
      const since = evictions;
      const changed = await findChangedAccounts(background, listeners);
      const accounts = await users.read(changed, background);
      const parsed = new Map<Scope, ParsedScope>();
      const parse = (scope: Scope) => parsed.get(scope) ?? remembered(parsed, scope);
      const checks: AccessCheck[] = [];
      for (const viewer of listeners)
        for (const text of viewer.scopes) {
          const scope = parse(text);
          if (!isOwn(viewer, scope)) checks.push({ viewer, scope });
        }
      const facts = await loadAccessFacts(background, checks);
      remember(facts, since);
      return listeners.flatMap((listener) => {
        const loss = accountLossOf(listener) ?? scopeLossOf(listener);
        if (loss !== undefined) users.forget(listener.userId);
        return loss ?? [];
      });

      function accountLossOf<L extends StreamAccess>(listener: L): Loss<L> | undefined {
        if (!changed.has(listener.userId)) return undefined;
        const account = accounts.get(listener.userId);
        const refusal = refusalOf(account, listener.issuedAt);
        if (refusal !== undefined) return { listener, why: refusal };
        const same = account?.role === listener.role && account.playerId === listener.playerId;
        return same ? undefined : { listener, why: 'changed' };
      }

      function scopeLossOf<L extends StreamAccess>(listener: L): Loss<L> | undefined {
        const scope = listener.scopes.find((text) => !mayListen(listener, parse(text), facts));
        if (scope === undefined) return undefined;
        evictions++;
        open.delete(subjectOf(parse(scope)));
        return { listener, why: 'scope-lost', scope };
      }
    },
  };
}

/** Scope whose openness decides: for a leaderboard, its contest. A real leaderboard is never open to all users. */
function subjectOf(scope: ParsedScope): Scope {
  return scope.kind === 'leaderboard' || scope.kind === 'shown' || scope.kind === 'cells'
    ? spell.contest(scope.id)
    : formatScope(scope);
}

function remembered(parsed: Map<Scope, ParsedScope>, text: Scope): ParsedScope {
  const scope = parseScope(text);
  if (scope === undefined) throw new TypeError(`not a scope: ${text}`);
  parsed.set(text, scope);
  return scope;
}
