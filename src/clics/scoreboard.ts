import type { CellsReader } from '../leaderboard/cells/cells-reader.ts';
import type { LeaderboardReader } from '../leaderboard/leaderboard-reader.ts';
import type { Audience } from '../leaderboard/stored-leaderboard.ts';
import type { Cell } from '../protocol/cells.ts';
import type { LeaderboardRow } from '../protocol/leaderboard.ts';
import type { ContestFeed } from './contest-feed.ts';
import type { FeedView } from './feed-view.ts';
import { relativeTimeOf, timeOf } from './formats.ts';

export interface ScoreboardsOptions {
  readonly leaderboards: Pick<LeaderboardReader, 'read'>;
  readonly cells: Pick<CellsReader, 'read'>;
  /** The database's time, in ms since 1970. */
  readonly now: () => number;
}

/** What a scoreboard is made of. Instants are in ms since 1970. */
export interface ScoreboardParts {
  /** When it was made. */
  readonly at: number;
  readonly startsAt: number | null;
  /** JSON of the state object. */
  readonly state: string;
  /** Rows of the leaderboard, with the platform's totals and ranks. */
  readonly rows: readonly LeaderboardRow[];
  readonly cells: ReadonlyMap<number, { readonly cells: readonly Cell[] }>;
  /** Ids of the teams and problems that are sent. */
  readonly teams: { readonly has: (id: string) => boolean };
  readonly problems: readonly string[];
}

interface Kept {
  readonly key: string;
  readonly json: string;
}

const MINUTE_MS = 60_000;

/**
 * Scoreboards by the CLICS Contest API: the ranks and totals of the leaderboard, and its cells, by the freeze's rule. One is
 * encoded once for all who request it, until anything that it shows changes; its time is when it was made. It is kept as long
 * as the view of its feed, which a reset of the log evicts: versions may name other rows after it.
 */
export class Scoreboards {
  readonly #options: ScoreboardsOptions;
  readonly #kept = new WeakMap<FeedView, Kept>();

  constructor(options: ScoreboardsOptions) {
    this.#options = options;
  }

  /** @param feed of the contest, just read @returns JSON; undefined when there is no such contest */
  async read(
    feed: Pick<ContestFeed, 'contestId' | 'facts' | 'view'>,
    audience: Audience,
  ): Promise<string | undefined> {
    const { leaderboards, cells, now } = this.#options;
    const { contestId, facts } = feed;
    const view = feed.view(audience);
    const leaderboard = await leaderboards.read(contestId, audience === 'real');
    const read = await cells.read(contestId, audience === 'real');
    const state = view.singleton('state');
    if (!leaderboard || !read || !facts || state === undefined) return undefined;
    const teams = view.objects('teams');
    const problems = [...view.objects('problems').keys()];
    const { version, rows } = leaderboard;
    const revision = view.revision('teams');
    const key = JSON.stringify([version, read.version, facts.startsAt, state, revision, problems]);
    const kept = this.#kept.get(view);
    if (kept?.key === key) return kept.json;
    const { startsAt } = facts;
    const json = scoreboardJson({ at: now(), startsAt, state, rows, cells: read.rows, teams, problems });
    this.#kept.set(view, { key, json });
    return json;
  }
}

/** Makes the JSON of a scoreboard object. Rows are ordered by rank, and equal ones by the name of their team. */
export function scoreboardJson(parts: ScoreboardParts): string {
  const { at, startsAt, state, teams } = parts;
  const { compare } = new Intl.Collator('en-US');
  const rows = parts.rows
    .filter(({ playerId }) => teams.has(String(playerId)))
    .sort((a, b) => a.rank - b.rank || compare(a.playerName, b.playerName) || a.playerId - b.playerId)
    .map((row) => rowObject(row, parts.cells.get(row.playerId)?.cells ?? [], parts));
  const time = JSON.stringify(timeOf(at));
  const contestTime = JSON.stringify(relativeTimeOf(startsAt === null ? 0 : at - startsAt));
  return `{"time":${time},"contest_time":${contestTime},"state":${state},"rows":${JSON.stringify(rows)}}`;
}

function rowObject(row: LeaderboardRow, cells: readonly Cell[], { startsAt, problems }: ScoreboardParts) {
  const byProblem = new Map(cells.map((cell) => [String(cell.problemId), cell]));
  const solvedAt = row.lastSolvedAt === null ? undefined : Date.parse(row.lastSolvedAt);
  const lastMinute =
    solvedAt === undefined
      ? Math.max(0, ...cells.map((cell) => cell.solvedAt ?? 0))
      : Math.max(0, Math.floor((solvedAt - (startsAt ?? solvedAt)) / MINUTE_MS));
  return {
    rank: row.rank,
    team_id: String(row.playerId),
    score: {
      num_solved: row.problemsSolved,
      total_time: row.penaltyMins,
      ...(row.problemsSolved > 0 ? { time: lastMinute } : {}),
    },
    problems: problems.map((id) => problemData(id, byProblem.get(id))),
  };
}

function problemData(id: string, cell: Cell | undefined) {
  return {
    problem_id: id,
    num_judged: cell?.attempts ?? 0,
    num_pending: cell?.pending ?? 0,
    solved: cell?.solvedAt !== undefined,
    ...(cell?.solvedAt === undefined ? {} : { time: cell.solvedAt }),
  };
}
