import { format } from 'mysql2';
import type { Precondition } from '../log/append-statement.ts';
import type { RestrictionQuery, Restrictions } from '../platform/restrictions.ts';
import type { Restriction } from '../protocol/definition.ts';
import type { Scope } from '../protocol/scope.ts';
import type { EventDraft, EventUnit } from './draft.ts';
import { storePaced } from './paced-rows.ts';

/** Reads the restrictions of these contests and players. */
export type ReadRestrictions = (about: RestrictionQuery) => Promise<Restrictions>;

/**
 * Redacts the events of restricted contests and players. What a freeze withholds is stored in the same transaction. Where
 * that changes the scopes, the keys store them: a repeat that comes when the restriction is over cannot derive it.
 *
 * @param paces whether what only its player may know waits for the next padded append; otherwise it is appended at once
 */
export async function redactUnits(
  units: readonly EventUnit[],
  read: ReadRestrictions,
  paces: boolean,
): Promise<readonly EventUnit[]> {
  const contests = new Set<number>();
  const players = new Set<number>();
  for (const { drafts } of units)
    for (const { redactable } of drafts) {
      if (redactable?.contestId !== undefined) contests.add(redactable.contestId);
      if (redactable?.playerId !== undefined) players.add(redactable.playerId);
    }
  if (contests.size === 0 && players.size === 0) return units;
  const restrictions = await read({ contests: [...contests], players: [...players] });
  if (restrictions.frozen.size === 0 && restrictions.private.size === 0 && restrictions.held.size === 0)
    return units;
  return units.map((unit) => redactUnit(unit, restrictions, paces));
}

/** Scopes that each of a unit's events goes to. */
export const scopesOf = ({ drafts }: Pick<EventUnit, 'drafts'>): Scope[][] =>
  drafts.map((draft) => draft.rows.map((row) => row.scope));

function redactUnit(unit: EventUnit, restrictions: Restrictions, paces: boolean): EventUnit {
  const stored: Precondition[] = [];
  const drafts = unit.drafts.map((draft) => {
    const found = restrictionOn(draft, unit.wasFrozen, restrictions);
    if (!found || !draft.redactable) return draft;
    const { contestId, restriction } = found;
    const redacted = draft.redactable.redact(restriction, restrictions.over.has(contestId));
    if (redacted.deferred.length > 0) stored.push(storeDeferred(contestId, draft, redacted.deferred));
    if (redacted.paced === undefined) return redacted.draft;
    if (!paces) return redacted.paced;
    stored.push(storePaced(redacted.paced));
    return redacted.draft;
  });
  const preconditions =
    stored.length === 0 ? {} : { preconditions: [...(unit.preconditions ?? []), ...stored] };
  const answer = JSON.stringify(scopesOf({ drafts }));
  if (unit.keys === undefined || answer === JSON.stringify(scopesOf(unit)))
    return { ...unit, drafts, ...preconditions };
  return { ...unit, drafts, ...preconditions, keys: unit.keys.map((key) => ({ ...key, answer })) };
}

/** A contest that is both frozen and private counts as frozen, which redacts more. */
function restrictionOn(
  { redactable }: EventDraft,
  wasFrozen: boolean | undefined,
  { frozen, private: closed, held }: Restrictions,
): { readonly restriction: Restriction; readonly contestId: number } | undefined {
  const { contestId, playerId } = redactable ?? {};
  if (contestId !== undefined) {
    if (wasFrozen !== false && frozen.has(contestId)) return { restriction: 'frozen', contestId };
    return closed.has(contestId) ? { restriction: 'private', contestId } : undefined;
  }
  const holder = playerId === undefined || wasFrozen === false ? undefined : held.get(playerId);
  return holder === undefined ? undefined : { restriction: 'frozen', contestId: holder };
}

function storeDeferred(
  contestId: number,
  { type, data }: EventDraft,
  scopes: readonly Scope[],
): Precondition {
  return {
    sql: format(
      'INSERT INTO deferred_event (contest_id, type, data, scopes, created_at) VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3))',
      [contestId, type, data, JSON.stringify(scopes)],
    ),
  };
}
