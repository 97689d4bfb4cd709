import { hiddenFrom, type OpenedProblems } from '../leaderboard/cells/player-cells.ts';
import type { Audience } from '../leaderboard/stored-leaderboard.ts';
import type { ContestFacts, ProblemFacts, TeamFacts } from '../platform/contest-facts.ts';
import type { FinalResults } from '../platform/results.ts';
import type { JudgedSubmission } from '../platform/submissions.ts';
import {
  contestObject,
  firstToSolveAward,
  judgementObject,
  languageObject,
  problemObject,
  resultAwards,
  stateObject,
  submissionObject,
  teamObject,
} from './contest-objects.ts';
import { type FeedChange, FeedView, type Objects } from './feed-view.ts';
import { JUDGEMENT_TYPES } from './judgement-types.ts';

/** What was read of a contest. What is left out is as before. */
export interface ContestRead {
  /** Read after the submissions: what a freeze that began meanwhile hides is hidden. */
  readonly facts: ContestFacts;
  readonly problems?: readonly ProblemFacts[];
  /** Whether the problems are sent again, changed or not. */
  readonly repeatsProblems?: boolean;
  readonly teams?: readonly TeamFacts[];
  readonly results?: FinalResults;
  /** Cells that the reveal of the present freeze has opened, by player; left out: none. */
  readonly opened?: ReadonlyMap<number, OpenedProblems>;
  readonly submissions: {
    readonly players: ReadonlySet<number> | 'all';
    /** All submissions of these players. */
    readonly rows: readonly JudgedSubmission[];
  };
}

interface EncodedSubmission {
  readonly submission: string;
  readonly judgement: string;
}

export const FEED_AUDIENCES: readonly Audience[] = ['shown', 'real'];

/** A submission before another one. */
const precedes = (a: JudgedSubmission, b: JudgedSubmission) =>
  a.submittedAt < b.submittedAt || (a.submittedAt === b.submittedAt && a.id < b.id);

/** A contest as the objects of the CLICS Contest API, for players and for admins. Pure: it reads nothing itself. */
export class ContestModel {
  readonly views: Readonly<Record<Audience, FeedView>> = { shown: new FeedView(), real: new FeedView() };
  #problems: readonly ProblemFacts[] = [];
  #teams: ReadonlyMap<number, TeamFacts> = new Map();
  #results: FinalResults | undefined;
  readonly #byPlayer = new Map<number, readonly JudgedSubmission[]>();
  readonly #byId = new Map<number, JudgedSubmission>();
  readonly #byProblem = new Map<number, Set<JudgedSubmission>>();
  /** Who was the first to solve each problem, by audience. */
  readonly #first: Readonly<Record<Audience, Map<number, number | undefined>>> = {
    shown: new Map(),
    real: new Map(),
  };
  /** Number of submissions by language. */
  readonly #languages = new Map<string, number>();
  /** What all objects of submissions depend on. */
  #basis = '';
  /** Objects of submissions as JSON, encoded once for both audiences. */
  #encoded = new WeakMap<JudgedSubmission, EncodedSubmission>();
  #startsAt: number | null = null;
  /** What the reveal of the present freeze has opened, by player. */
  #opened: ReadonlyMap<number, OpenedProblems> = new Map();

  /** Takes what was read. @returns what has changed, by audience */
  apply(read: ContestRead): Record<Audience, FeedChange[]> {
    const { facts, submissions } = read;
    if (read.problems) this.#problems = read.problems;
    const revealed = this.#replaceOpened(read.opened ?? new Map());
    const moved = read.teams ? this.#replaceTeams(read.teams) : [];
    if (facts.startsAt !== this.#startsAt) this.#encoded = new WeakMap();
    this.#startsAt = facts.startsAt;
    this.#results = read.results;
    const players =
      submissions.players === 'all'
        ? new Set([...this.#byPlayer.keys(), ...submissions.rows.map(({ playerId }) => playerId)])
        : submissions.players;
    const before = [...players].flatMap((playerId) => this.#byPlayer.get(playerId) ?? []);
    this.#replaceSubmissions(players, submissions.rows);
    const basis = JSON.stringify([
      facts.startsAt,
      facts.status,
      hiddenFrom(facts),
      this.#problems.map(({ id }) => id),
    ]);
    const all = basis !== this.#basis;
    this.#basis = basis;
    const touched = all
      ? [...before, ...[...this.#byPlayer.values()].flat()]
      : [
          ...before,
          ...[...new Set([...players, ...moved, ...revealed])].flatMap(
            (playerId) => this.#byPlayer.get(playerId) ?? [],
          ),
        ];
    const teams = read.teams && objectsOf(read.teams.map(teamObject));
    if (teams) for (const audience of FEED_AUDIENCES) this.views[audience].replaceAll('teams', teams);
    const changes = FEED_AUDIENCES.map(
      (audience) => [audience, this.#update(audience, read, all, touched)] as const,
    );
    return Object.fromEntries(changes) as Record<Audience, FeedChange[]>;
  }

  /** Number of participants and submissions. */
  get size(): number {
    return this.#teams.size + this.#byId.size;
  }

  /** Whether this contest has such a participant, as far as it was read. */
  hasTeam(playerId: number): boolean {
    return this.#teams.has(playerId);
  }

  #replaceSubmissions(players: ReadonlySet<number>, rows: readonly JudgedSubmission[]): void {
    for (const playerId of players) {
      for (const submission of this.#byPlayer.get(playerId) ?? []) {
        this.#byId.delete(submission.id);
        this.#byProblem.get(submission.problemId)?.delete(submission);
        this.#count(submission.language, -1);
      }
      this.#byPlayer.delete(playerId);
    }
    const byPlayer = new Map<number, JudgedSubmission[]>();
    for (const row of rows) {
      const own = byPlayer.get(row.playerId);
      if (own) own.push(row);
      else byPlayer.set(row.playerId, [row]);
      this.#byId.set(row.id, row);
      const same = this.#byProblem.get(row.problemId) ?? new Set<JudgedSubmission>();
      this.#byProblem.set(row.problemId, same.add(row));
      this.#count(row.language, 1);
    }
    for (const [playerId, own] of byPlayer) this.#byPlayer.set(playerId, own);
  }

  /** @returns the players who became participants, or no longer are */
  #replaceTeams(teams: readonly TeamFacts[]): number[] {
    const before = this.#teams;
    this.#teams = new Map(teams.map((team) => [team.id, team]));
    return [
      ...[...before.keys()].filter((id) => !this.#teams.has(id)),
      ...[...this.#teams.keys()].filter((id) => !before.has(id)),
    ];
  }

  /** @returns the players of whom more is opened, or less */
  #replaceOpened(opened: ReadonlyMap<number, OpenedProblems>): number[] {
    const before = this.#opened;
    this.#opened = opened;
    const sizeOf = (problems: OpenedProblems | undefined) =>
      problems === 'all' ? 'all' : (problems?.size ?? 0);
    return [...new Set([...before.keys(), ...opened.keys()])].filter(
      (id) => sizeOf(before.get(id)) !== sizeOf(opened.get(id)),
    );
  }

  /** Whether the verdict of a submission is hidden. @param since instant from which on verdicts are, in ms since 1970 */
  #isHidden({ playerId, problemId, submittedAt }: JudgedSubmission, since: number): boolean {
    if (submittedAt < since) return false;
    const opened = this.#opened.get(playerId);
    return opened !== 'all' && opened?.has(problemId) !== true;
  }

  #encode(submission: JudgedSubmission): EncodedSubmission {
    const known = this.#encoded.get(submission);
    if (known) return known;
    const encoded: EncodedSubmission = {
      submission: JSON.stringify(submissionObject(submission, this.#startsAt)),
      judgement: JSON.stringify(judgementObject(submission, this.#startsAt)),
    };
    this.#encoded.set(submission, encoded);
    return encoded;
  }

  #count(language: string, by: 1 | -1): void {
    const count = (this.#languages.get(language) ?? 0) + by;
    if (count === 0) this.#languages.delete(language);
    else this.#languages.set(language, count);
  }

  /** @param touched submissions that may have changed, or are gone */
  #update(
    audience: Audience,
    { facts, repeatsProblems }: ContestRead,
    all: boolean,
    touched: readonly JudgedSubmission[],
  ): FeedChange[] {
    const view = this.views[audience];
    const admin = audience === 'real';
    const hasStarted = facts.status === 'LIVE' || facts.status === 'ENDED';
    const problems = admin || hasStarted ? this.#problems : [];
    const places = new Map(problems.map(({ id }, place) => [id, place]));
    const hidden = admin ? Number.POSITIVE_INFINITY : hiddenFrom(facts);
    view.setContest(contestObject(facts));
    view.replaceAll('judgement-types', objectsOf(JUDGEMENT_TYPES));
    view.replaceAll('problems', objectsOf(problems.map(problemObject)));
    if (repeatsProblems) view.repeat('problems');
    view.replaceAll('languages', objectsOf([...this.#languages.keys()].map(languageObject)));
    for (const id of new Set(touched.map((submission) => submission.id))) {
      const present = this.#byId.get(id);
      const isShown = present && places.has(present.problemId) && this.#teams.has(present.playerId);
      const isJudged = isShown && present.verdict !== 'pending' && !this.#isHidden(present, hidden);
      const encoded = isShown && this.#encode(present);
      view.set('submissions', String(id), encoded ? encoded.submission : undefined);
      view.set('judgements', String(id), encoded && isJudged ? encoded.judgement : undefined);
    }
    const first = this.#first[audience];
    if (all) first.clear();
    for (const { problemId } of touched) first.delete(problemId);
    for (const problemId of places.keys())
      if (!first.has(problemId)) first.set(problemId, this.#firstToSolve(problemId, hidden));
    const isFinal = facts.rankingComplete && (admin || !facts.frozen);
    view.replaceAll(
      'awards',
      objectsOf([
        ...[...places].map(([id, place]) => firstToSolveAward(id, place, first.get(id))),
        ...(isFinal && this.#results ? resultAwards(this.#results) : []),
      ]),
    );
    view.setState(stateObject(facts, admin));
    return view.takeChanges();
  }

  /**
   * Who was the first to solve a problem; undefined while no player was, and while an earlier submission is not judged.
   * @param hidden instant from which on verdicts are hidden, in ms since 1970
   */
  #firstToSolve(problemId: number, hidden: number): number | undefined {
    let solve: JudgedSubmission | undefined;
    let open: JudgedSubmission | undefined;
    for (const submission of this.#byProblem.get(problemId) ?? []) {
      if (!this.#teams.has(submission.playerId)) continue;
      const isOpen = submission.verdict === 'pending' || this.#isHidden(submission, hidden);
      if (isOpen) open = open && precedes(open, submission) ? open : submission;
      else if (submission.verdict === 'accepted')
        solve = solve && precedes(solve, submission) ? solve : submission;
    }
    return solve && !(open && precedes(open, solve)) ? solve.playerId : undefined;
  }
}

function objectsOf(objects: readonly { readonly id: string }[]): Objects {
  return new Map(objects.map((object) => [object.id, JSON.stringify(object)]));
}
