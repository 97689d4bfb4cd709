import type { Queries } from '../db/database.ts';
import type { ParsedScope } from '../protocol/scope.ts';
import { type ContestAccess, dependsOnJoining, type Facts, participation, type Viewer } from './listening.ts';

/** One scope that somebody wants. */
export interface Wish {
  readonly viewer: Viewer;
  readonly scope: ParsedScope;
}

const PAGE = 500;

interface Row {
  readonly kind: 'contest' | 'problem' | 'player';
  readonly id: number;
  readonly status: string | null;
  readonly isPublic: number | null;
  readonly createdBy: number | null;
}

/**
 * What is to be known of these wishes, page by page of 500: one query for what exists, and one more where only taking
 * part decides.
 */
export async function loadFacts(database: Pick<Queries, 'query'>, wishes: readonly Wish[]): Promise<Facts> {
  const contests = new Map<number, ContestAccess>();
  const problems = new Set<number>();
  const players = new Set<number>();
  for (const page of pages(distinctScopes(wishes))) {
    for (const row of await existing(database, page)) {
      if (row.kind === 'contest') contests.set(row.id, contestOf(row));
      else (row.kind === 'problem' ? problems : players).add(row.id);
    }
  }

  const joined = new Set<string>();
  for (const page of pages(openQuestions(wishes, contests))) {
    for (const { contestId, playerId } of await participating(database, page))
      joined.add(participation(contestId, playerId));
  }
  return { contests, problems, players, joined };
}

function contestOf(row: Row): ContestAccess {
  return { draft: row.status === 'DRAFT', public: Boolean(row.isPublic), createdBy: row.createdBy ?? 0 };
}

interface Existence {
  readonly kind: Row['kind'];
  readonly id: number;
}

function distinctScopes(wishes: readonly Wish[]): Existence[] {
  const found = new Map<string, Existence>();
  for (const { scope } of wishes) {
    if (scope.id === undefined) continue;
    const kind = scope.kind === 'leaderboard' || scope.kind === 'real' ? 'contest' : scope.kind;
    found.set(`${kind}/${scope.id}`, { kind, id: scope.id });
  }
  return [...found.values()];
}

async function existing(database: Pick<Queries, 'query'>, page: readonly Existence[]): Promise<Row[]> {
  const arms: string[] = [];
  const values: number[][] = [];
  for (const kind of ['contest', 'problem', 'player'] as const) {
    const ids = page.filter((one) => one.kind === kind).map(({ id }) => id);
    if (ids.length === 0) continue;
    arms.push(ARMS[kind]);
    values.push(ids);
  }
  return database.query<Row>(arms.join(' UNION ALL '), values);
}

const ARMS = {
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

function openQuestions(
  wishes: readonly Wish[],
  contests: ReadonlyMap<number, ContestAccess>,
): Participation[] {
  const found = new Map<string, Participation>();
  for (const { viewer, scope } of wishes) {
    if ((scope.kind !== 'contest' && scope.kind !== 'leaderboard') || viewer.playerId === undefined) continue;
    if (!dependsOnJoining(viewer, contests.get(scope.id))) continue;
    const pair = { contestId: scope.id, playerId: viewer.playerId };
    found.set(participation(pair.contestId, pair.playerId), pair);
  }
  return [...found.values()];
}

/** One range of the unique key per pair; `(a, b) IN (…)` would be a scan on MariaDB. */
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
