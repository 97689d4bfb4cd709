import type { LogKey, Unit } from '../log/append-statement.ts';
import type { KeyState } from '../log/known-keys.ts';
import { prepare } from '../log/prepare.ts';
import type { Draft } from '../log/row.ts';
import type { EventData, EventType } from '../protocol/event.ts';
import type { Acknowledged, Touched, WaitingEvent } from './examine.ts';
import type { SetAside } from './table.ts';

/** A row that can be dealt with. */
export type Entry = WaitingEvent | Touched | Acknowledged;

/** What one append takes in at the most. Bytes as of `Draft.bytes`, rows of the log. */
const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_ROWS = 2_000;
/** So many players one CONTEST_JOINED may name. */
const MAX_JOINED = 100;

/**
 * How many of the entries, from the first on, go into one append. It ends before a type that is published in a way of its
 * own, and before a key that comes a second time for another event: what became of the first must be known by then.
 */
export function batchLength(entries: readonly Entry[], ownWay: (type: EventType) => boolean): number {
  const keys = new Map<string, Buffer>();
  let bytes = 0;
  let rows = 0;
  for (const [index, entry] of entries.entries()) {
    if (entry.kind !== 'event') continue;
    const { draft, key } = entry;
    bytes += draft.bytes;
    rows += draft.rows.length;
    const earlier = key && keys.get(key.value);
    const full = index > 0 && (bytes > BATCH_BYTES || rows > BATCH_ROWS);
    if (full || ownWay(draft.type) || (earlier && !earlier.equals(key.fingerprint))) return index;
    if (key) keys.set(key.value, key.fingerprint);
  }
  return entries.length;
}

/** What is to be done with the rows of one append. */
export interface Batch {
  /** Rows that leave the outbox: those whose events are appended, those that were published before, and what is no event. */
  readonly ids: readonly number[];
  readonly units: readonly Unit[];
  /** Rows whose key was used for another event. */
  readonly refused: readonly SetAside[];
  readonly notices: readonly (Touched | Acknowledged)[];
}

/** Sorts out what of a batch is new. @param stateOf what the log knows of a key */
export function arrange(entries: readonly Entry[], stateOf: (key: LogKey) => KeyState): Batch {
  const ids: number[] = [];
  const fresh: WaitingEvent[] = [];
  const refused: SetAside[] = [];
  const notices: (Touched | Acknowledged)[] = [];
  const seen = new Set<string>();
  for (const entry of entries) {
    if (entry.kind !== 'event') {
      notices.push(entry);
      ids.push(entry.id);
      continue;
    }
    const { id, key } = entry;
    const state = key === undefined ? 'new' : stateOf(key);
    if (state === 'conflict') {
      refused.push({ id, reason: `The idempotency_key ${key?.value.slice(4)} was used for another event.` });
      continue;
    }
    ids.push(id);
    if (state === 'repeat' || (key && seen.has(key.value))) continue;
    if (key) seen.add(key.value);
    fresh.push(entry);
  }
  return { ids, units: conflate(fresh), refused, notices };
}

/**
 * One unit per event, but of those who join the same contest one for up to a hundred players, at the place of the first: a
 * rush of joins would cost the square of the crowd. Each join keeps its own key.
 */
function conflate(events: readonly WaitingEvent[]): Unit[] {
  const groups: WaitingEvent[][] = [];
  const joining = new Map<number, { group: WaitingEvent[]; players: number }>();
  for (const event of events) {
    if (event.draft.type === 'CONTEST_JOINED') {
      const { contestId, players } = joinOf(event.draft);
      const open = joining.get(contestId);
      if (open && open.players + players.length <= MAX_JOINED) {
        open.group.push(event);
        open.players += players.length;
        continue;
      }
      const group = [event];
      joining.set(contestId, { group, players: players.length });
      groups.push(group);
    } else groups.push([event]);
  }
  return groups.map((group) => ({
    drafts: [joined(group)],
    keys: group.flatMap(({ key }) => key ?? []),
  }));
}

/** One event for all of them; what is told of the contest is what was told last. */
function joined(group: readonly WaitingEvent[]): Draft {
  const [first] = group as [WaitingEvent];
  if (group.length === 1) return first.draft;
  const joins = group.map(({ draft }) => joinOf(draft));
  const players = new Map(joins.flatMap((join) => join.players).map((player) => [player.playerId, player]));
  return prepare('CONTEST_JOINED', Object.assign({}, ...joins, { players: [...players.values()] }));
}

function joinOf(draft: Draft): EventData<'CONTEST_JOINED'> {
  return JSON.parse(draft.data);
}
