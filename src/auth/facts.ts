import type { Queries } from '../db/database.ts';
import type { ParsedScope } from '../protocol/scope.ts';
import {
  ACCESS,
  type AccessFacts,
  type AccessSubject,
  type ContestAccess,
  dependsOnJoining,
  participation,
  type Subscriber,
} from './listening.ts';

/** Question whether a viewer may listen to a scope. */
export interface AccessCheck {
  readonly viewer: Subscriber;
  readonly scope: ParsedScope;
}

/** Max scopes per statement. */
const PAGE = 500;

interface Row {
  readonly kind: AccessSubject;
  readonly id: number;
  readonly status: string | null;
  readonly isPublic: number | null;
  readonly createdBy: number | null;
}

/**
 * Batch-loads the rows that decide these checks: one query per 500 scopes, and one per 500 participations where those
 * decide.
 */
export async function loadAccessFacts(
  database: Pick<Queries, 'query'>,
  checks: readonly AccessCheck[],
): Promise<AccessFacts> {
  const contests = new Map<number, ContestAccess>();
  const found = { problem: new Set<number>(), player: new Set<number>() };
  for (const page of pages(distinctScopes(checks))) {
    for (const row of await existing(database, page)) {
      if (row.kind === 'contest') contests.set(row.id, contestOf(row));
      else found[row.kind].add(row.id);
    }
  }

  const joined = new Set<string>();
  for (const page of pages(undecided(checks, contests))) {
    for (const { contestId, playerId } of await participating(database, page))
      joined.add(participation(contestId, playerId));
  }
  return { contests, problems: found.problem, players: found.player, joined };
}

function contestOf(row: Row): ContestAccess {
  return { draft: row.status === 'DRAFT', public: Boolean(row.isPublic), createdBy: row.createdBy ?? 0 };
}

interface Existence {
  readonly kind: Row['kind'];
  readonly id: number;
}

function distinctScopes(checks: readonly AccessCheck[]): Existence[] {
  const found = new Map<string, Existence>();
  // A crowd asks about few scopes, each of which its checks share.
  for (const scope of new Set(checks.map((check) => check.scope))) {
    const { subject: kind } = ACCESS[scope.kind];
    if (kind === undefined || scope.id === undefined) continue;
    found.set(`${kind}/${scope.id}`, { kind, id: scope.id });
  }
  return [...found.values()];
}

async function existing(database: Pick<Queries, 'query'>, page: readonly Existence[]): Promise<Row[]> {
  const selects: string[] = [];
  const values: number[][] = [];
  for (const kind of Object.keys(SELECTS) as AccessSubject[]) {
    const ids = page.filter((one) => one.kind === kind).map(({ id }) => id);
    if (ids.length === 0) continue;
    selects.push(SELECTS[kind]);
    values.push(ids);
  }
  return database.query<Row>(selects.join(' UNION ALL '), values);
}

/** Per table, the part of the UNION that reads it. */
const SELECTS: Readonly<Record<AccessSubject, string>> = {
  contest: `SELECT 'contest' AS kind, id, status, is_public + 0 AS isPublic, created_by AS createdBy
              FROM contest WHERE id IN (?)`,
  problem: `SELECT 'problem' AS kind, id, NULL AS status, NULL AS isPublic, NULL AS createdBy
              FROM problem WHERE id IN (?)`,
  player: `SELECT 'player' AS kind, id, NULL AS status, NULL AS isPublic, NULL AS createdBy
             FROM player WHERE id IN (?)`,
};

interface Participation {
  readonly contestId: number;
  readonly playerId: number;
}

function undecided(
  checks: readonly AccessCheck[],
  contests: ReadonlyMap<number, ContestAccess>,
): Participation[] {
  const found = new Map<string, Participation>();
  for (const { viewer, scope } of checks) {
    if (!ACCESS[scope.kind].participants || scope.id === undefined || viewer.playerId === undefined) continue;
    if (!dependsOnJoining(viewer, contests.get(scope.id))) continue;
    const pair = { contestId: scope.id, playerId: viewer.playerId };
    found.set(participation(pair.contestId, pair.playerId), pair);
  }
  return [...found.values()];
}

/** Reads a range of the unique key per pair; `(a, b) IN (…)` is a scan on MariaDB. */
function participating(
  database: Pick<Queries, 'query'>,
  page: readonly Participation[],
): Promise<Participation[]> {
  const players = new Map<number, number[]>();
  for (const { contestId, playerId } of page) {
    const of = players.get(contestId);
    if (of === undefined) players.set(contestId, [playerId]);
    else of.push(playerId);
  }
  const groups = [...players].map(() => '(contest_id = ? AND player_id IN (?))');
  return database.query<Participation>(
    `SELECT contest_id AS contestId, player_id AS playerId FROM contest_participant WHERE ${groups.join(' OR ')}`,
    [...players].flat(),
  );
}

function* pages<T>(items: readonly T[]): Generator<T[]> {
  for (let at = 0; at < items.length; at += PAGE) yield items.slice(at, at + PAGE);
}
