import type { EventData, EventType } from '../../protocol/event.ts';
import type { EventDraft, EventUnit, IdempotencyKey } from '../draft.ts';
import type { KeyState } from '../log-keys.ts';
import { prepare } from '../prepare.ts';
import type { AccessNotice, DirtyContestNotice, ReceiptNotice, WaitingEvent } from './examine.ts';
import type { RejectedRow } from './table.ts';

/** Valid row of the outbox: an event to publish, or a notice to this service. */
export type OutboxEntry = WaitingEvent | Notice;
export type Notice = DirtyContestNotice | ReceiptNotice | AccessNotice;

/** Max size of one append, in bytes (`Draft.bytes`) and in rows of the log. */
const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_ROWS = 2_000;
/** Max players per CONTEST_JOINED. */
const MAX_JOINED = 100;

/**
 * Number of entries, from the first on, that one append takes. A batch ends before an event that has its own handler,
 * before a key that is repeated for another event, since the outcome of the first must be known by then, and before and after
 * an event that releases a key.
 */
export function batchLength(
  entries: readonly OutboxEntry[],
  hasHandler: (type: EventType) => boolean,
): number {
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
    if (full || hasHandler(draft.type) || (earlier && !earlier.equals(key.fingerprint))) return index;
    // It names the event that it takes back, and follows the digest that stands for it: both are of an earlier append. That
    // event may follow again in the next batch, whose keys are read after this one.
    if (draft.releases !== undefined) return Math.max(1, index);
    if (key) keys.set(key.value, key.fingerprint);
  }
  return entries.length;
}

/** One append of the relay. */
export interface RelayBatch {
  /** Rows to delete from the outbox: of events that are appended, of events published before, and of notices. */
  readonly ids: readonly number[];
  readonly units: readonly EventUnit[];
  /** Rows whose key was used for another event. */
  readonly rejected: readonly RejectedRow[];
  readonly notices: readonly Notice[];
}

/** Sorts entries into new events, repeats, conflicts and notices. */
export function planBatch(
  entries: readonly OutboxEntry[],
  stateOf: (key: IdempotencyKey) => KeyState,
): RelayBatch {
  const ids: number[] = [];
  const fresh: WaitingEvent[] = [];
  const rejected: RejectedRow[] = [];
  const notices: Notice[] = [];
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
      rejected.push({ id, reason: `The idempotency_key ${key?.text} was used for another event.` });
      continue;
    }
    ids.push(id);
    if (state === 'repeat' || (key && seen.has(key.value))) continue;
    if (key) seen.add(key.value);
    fresh.push(entry);
  }
  return { ids, units: [...conflate(fresh), ...accessUnits(notices)], rejected, notices };
}

/** Makes one event of all notices of withdrawn rights, so that every node rechecks the streams concerned. */
function accessUnits(notices: readonly Notice[]): EventUnit[] {
  const changes = notices.filter((notice) => notice.kind === 'access');
  const userIds = new Set(changes.flatMap(({ userId }) => userId ?? []));
  const contestIds = new Set(changes.flatMap(({ contestId }) => contestId ?? []));
  if (userIds.size === 0 && contestIds.size === 0) return [];
  const data = { userIds: [...userIds], contestIds: [...contestIds] };
  return [{ drafts: [prepare('ACCESS_CHANGED', data, { internal: true })] }];
}

/**
 * Makes one unit per event, but conflates joins of the same contest, up to a hundred players each, at the place of the
 * first: one event per join to all participants would cost the square of the crowd. Each join keeps its own key.
 */
function conflate(events: readonly WaitingEvent[]): EventUnit[] {
  const groups: WaitingEvent[][] = [];
  const joining = new Map<number, { group: WaitingEvent[]; players: number }>();
  for (const event of events) {
    if (event.draft.type === 'CONTEST_JOINED') {
      const { contestId, players } = joinOf(event);
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
    drafts: [conflatedDraft(group)],
    keys: group.flatMap(({ key }) => key ?? []),
    wasFrozen: group[0]?.wasFrozen,
  }));
}

/** One event for the whole group; the fields of the contest are those of its last join. */
function conflatedDraft(group: readonly WaitingEvent[]): EventDraft {
  const [first] = group as [WaitingEvent];
  if (group.length === 1) return first.draft;
  const joins = group.map(joinOf);
  const players = new Map(joins.flatMap((join) => join.players).map((player) => [player.playerId, player]));
  return prepare('CONTEST_JOINED', Object.assign({}, ...joins, { players: [...players.values()] }));
}

function joinOf({ draft }: WaitingEvent): EventData<'CONTEST_JOINED'> {
  return draft.event.data as EventData<'CONTEST_JOINED'>;
}
