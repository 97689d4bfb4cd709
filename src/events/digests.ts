import type { EventType } from '../protocol/event.ts';
import { parseScope, type Scope } from '../protocol/scope.ts';
import type { EventDraft, EventUnit } from './draft.ts';
import { prepare } from './prepare.ts';
import { scopesOf } from './redaction.ts';

/** Max such events of one append that each scope receives one by one. */
const MAX_SINGLE = 10;
/** Max events that a digest names. */
const MAX_NAMED = 10;

/** Types that are conflated, each with the kind of scope that then receives a digest in their place. */
const CONFLATED: Partial<Record<EventType, 'global' | 'contest'>> = {
  LEVEL_UP: 'global',
  TIER_UPGRADE: 'global',
  ACHIEVEMENT: 'global',
  PROBLEM_SOLVED: 'contest',
};

/**
 * Conflates what one append sends to everybody: of more than ten events of players to `global`, or solves to one contest, that
 * scope receives one DIGEST, since one event each would cost the square of the crowd. All other scopes of the events, with the
 * inboxes of their players, receive them as before; so does the contest of a first solve.
 *
 * Where another caller publishes one of the events first, the append is `superseded`: the digest would count it once more.
 *
 * @param units after redaction, so that nothing restricted is in a digest
 * @returns the same units, and after them those of the digests
 */
export function withDigests(units: readonly EventUnit[]): readonly EventUnit[] {
  const byScope = new Map<Scope, EventDraft[]>();
  for (const { drafts } of units)
    for (const draft of drafts) {
      const scope = conflatedScope(draft);
      if (scope !== undefined) byScope.set(scope, [...(byScope.get(scope) ?? []), draft]);
    }
  const rushes = [...byScope].filter(([, drafts]) => drafts.length > MAX_SINGLE);
  if (rushes.length === 0) return units;
  const scopes = new Set(rushes.map(([scope]) => scope));
  return [
    ...units.map((unit) => withoutRows(unit, scopes)),
    ...rushes.map(([scope, drafts]) => ({ drafts: [digestOf(scope, drafts)], summarises: true })),
  ];
}

/** Scope of an event that a digest may stand for it in; undefined where it has none. */
function conflatedScope({ type, event, rows }: EventDraft): Scope | undefined {
  const kind = CONFLATED[type];
  if (kind === undefined || (event.type === 'PROBLEM_SOLVED' && event.data.first)) return undefined;
  return rows.find(({ scope }) => parseScope(scope)?.kind === kind)?.scope;
}

/** The unit without the rows that digests stand for. Its keys store where its events went: a repeat cannot derive it. */
function withoutRows(unit: EventUnit, scopes: ReadonlySet<Scope>): EventUnit {
  const drafts = unit.drafts.map((draft): EventDraft => {
    const scope = conflatedScope(draft);
    if (scope === undefined || !scopes.has(scope)) return draft;
    return { ...draft, rows: draft.rows.filter((row) => row.scope !== scope) };
  });
  if (drafts.every((draft, index) => draft === unit.drafts[index])) return unit;
  const answer = JSON.stringify(scopesOf({ drafts }));
  return {
    ...unit,
    drafts,
    ...(unit.keys === undefined ? {} : { keys: unit.keys.map((key) => ({ ...key, answer })) }),
  };
}

function digestOf(scope: Scope, drafts: readonly EventDraft[]): EventDraft {
  const parsed = parseScope(scope);
  const contestId = parsed?.kind === 'contest' ? { contestId: parsed.id } : {};
  const events = drafts.slice(0, MAX_NAMED).map((draft) => {
    const { playerId, playerName } = draft.event.data as { playerId: number; playerName?: string };
    const message = draft.rows.find((row) => row.scope === scope)?.message ?? '';
    return { type: draft.type, playerId, ...(playerName === undefined ? {} : { playerName }), message };
  });
  return prepare('DIGEST', { ...contestId, count: drafts.length, events }, { internal: true });
}
