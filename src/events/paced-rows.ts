import { format } from 'mysql2';
import type { Queries } from '../db/database.ts';
import type { Precondition } from '../log/append-statement.ts';
import { Problem } from '../protocol/problem.ts';
import type { Scope } from '../protocol/scope.ts';
import type { EventDraft } from './draft.ts';
import { prepareFor } from './prepare.ts';

/** Contest id of paced events in `deferred_event`: they wait for an append, and not for the end of a contest's freeze. */
export const PACED = 0;

/** Max events per list. */
const MAX_LISTED = 1_000;
/** Max size of the data of events that are appended at once, in bytes. */
const MAX_BYTES = 4 * 1024 * 1024;

type Reads = Pick<Queries, 'query'>;

/** What a paced event is stored with beside its data, as JSON in `scopes`. */
interface PacedScopes {
  readonly scopes: readonly Scope[];
  /** Whether it is written to histories. */
  readonly activity: boolean;
}

/** Statement that stores an event until the next padded append. */
export function storePaced({ type, data, rows, activity }: EventDraft): Precondition {
  const stored: PacedScopes = { scopes: rows.map(({ scope }) => scope), activity: activity.length > 0 };
  return {
    sql: format(
      'INSERT INTO deferred_event (contest_id, type, data, scopes, created_at) VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3))',
      [PACED, type, data, JSON.stringify(stored)],
    ),
  };
}

/** Paced event that waits for an append, without its data. */
export interface WaitingPacedEvent {
  readonly id: number;
  readonly scopes: readonly Scope[];
  readonly bytes: number;
  readonly waitedMs: number;
  /** What is solved, or no longer; only of solves and retractions. */
  readonly solve: { readonly type: string; readonly solved: string; readonly isLinked: boolean } | undefined;
}

/** Paced event, ready to be appended. */
export interface PacedEvent {
  readonly id: number;
  readonly draft: EventDraft;
}

/**
 * Lists what waits, oldest first, without its data: far more may wait than one append takes.
 * @param condition SQL that begins with AND
 */
export async function listWaiting(database: Reads, condition = ''): Promise<WaitingPacedEvent[]> {
  const rows = await database.query<{
    id: number;
    type: string;
    scopes: string;
    bytes: number;
    waitedMs: number;
    solve: string | null;
  }>(
    `SELECT id, type, scopes, OCTET_LENGTH(data) AS bytes,
            TIMESTAMPDIFF(MICROSECOND, created_at, UTC_TIMESTAMP(3)) / 1000 AS waitedMs,
            IF(type IN ('PROBLEM_SOLVED', 'SOLVE_RETRACTED'), data, NULL) AS solve
       FROM deferred_event WHERE contest_id = ${PACED} ${condition} ORDER BY id LIMIT ${MAX_LISTED}`,
  );
  return rows.map(({ id, type, scopes, bytes, waitedMs, solve }) => ({
    id,
    scopes: (JSON.parse(scopes) as PacedScopes).scopes,
    bytes: Number(bytes),
    waitedMs: Number(waitedMs),
    solve: solve === null ? undefined : { type, ...solveIn(solve) },
  }));
}

function solveIn(data: string): { readonly solved: string; readonly isLinked: boolean } {
  const { playerId, problemId, contestId, supersedes } = JSON.parse(data) as Record<string, number>;
  return { solved: JSON.stringify([playerId, problemId, contestId]), isLinked: supersedes !== undefined };
}

/** Lists what waits without the events that another transaction has locked, and those after them in the same scopes. */
export async function withoutLocked(database: Reads): Promise<WaitingPacedEvent[]> {
  const waiting = await listWaiting(database);
  if (waiting.length === 0) return waiting;
  const unlocked = await database.query<{ id: number }>(
    "SELECT id FROM deferred_event FORCE INDEX (PRIMARY) WHERE id IN (?) AND type <> '' FOR UPDATE SKIP LOCKED",
    [waiting.map(({ id }) => id)],
  );
  const free = new Set(unlocked.map(({ id }) => id));
  const lockedScopes = new Set<Scope>();
  return waiting.filter(({ id, scopes }) => {
    if (free.has(id) && !scopes.some((scope) => lockedScopes.has(scope))) return true;
    for (const scope of scopes) lockedScopes.add(scope);
    return false;
  });
}

/**
 * Takes the first events that have room. A retraction whose solve is not known yet waits until the solves before it are in
 * the log.
 * @param room max rows of the log
 */
export function takeEvents(waiting: readonly WaitingPacedEvent[], room: number): WaitingPacedEvent[] {
  const taken: WaitingPacedEvent[] = [];
  const solved = new Set<string>();
  let rows = 0;
  let bytes = 0;
  for (const event of waiting) {
    const { solve } = event;
    rows += event.scopes.length;
    bytes += event.bytes * event.scopes.length;
    const mustWait =
      solve?.isLinked === false && solve.type === 'SOLVE_RETRACTED' && solved.has(solve.solved);
    if (rows > room || mustWait || (taken.length > 0 && bytes > MAX_BYTES)) break;
    if (solve?.type === 'PROBLEM_SOLVED') solved.add(solve.solved);
    taken.push(event);
  }
  return taken;
}

/** Loads events that wait, and finds those that this release does not understand. Those that are gone are left out. */
export async function loadWaiting(
  database: Reads,
  waiting: readonly WaitingPacedEvent[],
): Promise<{ readonly events: readonly PacedEvent[]; readonly unreadable: readonly number[] }> {
  if (waiting.length === 0) return { events: [], unreadable: [] };
  const rows = await database.query<{ id: number; type: string; data: string; scopes: string }>(
    'SELECT id, type, data, scopes FROM deferred_event WHERE id IN (?) ORDER BY id',
    [waiting.map(({ id }) => id)],
  );
  const events: PacedEvent[] = [];
  const unreadable: number[] = [];
  for (const { id, type, data, scopes } of rows) {
    try {
      events.push({ id, draft: prepareFor(type, JSON.parse(data), JSON.parse(scopes) as PacedScopes) });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      unreadable.push(id);
    }
  }
  return { events, unreadable };
}
