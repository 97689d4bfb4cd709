import { z } from 'zod';
import { activityOf, define, type Redacted } from '../definition.ts';
import { DIFFICULTIES } from '../enums.ts';
import { count, id, player, text } from '../fields.ts';
import { byline, titled, verdictPhrase } from '../phrases.ts';
import { type Scope, scopes } from '../scope.ts';

/** What is solved, in a contest or in practice. */
const problem = {
  problemId: id,
  problemTitle: text(200).optional(),
  contestId: id.optional(),
  contestTitle: text(200).optional(),
} as const;

const submission = { ...player, submissionId: id, ...problem } as const;

/** A word of the platform, which may have others than those listed in `protocol/enums.ts`. */
const verdict = z.string().regex(/^[A-Z][A-Z0-9_]{0,49}$/, 'a word in capitals, such as WRONG_ANSWER');

/** Tests that a submission passed, of those that were run. */
const tests = z.strictObject({ passed: count, total: count });

interface About {
  readonly playerId: number;
  readonly problemId: number;
  readonly problemTitle?: string | undefined;
  readonly contestId?: number | undefined;
  readonly contestTitle?: string | undefined;
}

/** What happens to submissions, and what follows for their players. Verdicts are for the player and for admins alone. */
export const JUDGING_EVENTS = {
  SUBMISSION_RECEIVED: define({
    schema: z.strictObject({ ...submission, language: text(30).optional() }),
    targets: toPlayerAndAdmins,
    title: () => 'Submission received',
    message: (data, audience) => `${byline(data, audience)} submitted ${problemOf(data)}`,
    keep: 'history',
  }),

  SUBMISSION_JUDGED: define({
    schema: z.strictObject({
      ...submission,
      verdict,
      points: count.optional(),
      tests: tests.optional(),
    }),
    targets: toPlayerAndAdmins,
    title: (data) => verdictPhrase(data.verdict),
    message: (data, audience) =>
      `${byline(data, audience)} submitted ${problemOf(data)}: ${verdictPhrase(data.verdict).toLowerCase()}`,
    keep: 'history',
  }),

  SUBMISSION_REJUDGED: define({
    schema: z.strictObject({
      ...submission,
      oldVerdict: verdict,
      verdict,
      points: count.optional(),
      tests: tests.optional(),
    }),
    targets: toPlayerAndAdmins,
    title: () => 'Submission judged again',
    message: (data, audience) =>
      `${byline(data, audience)} submitted ${problemOf(data)}: ${verdictPhrase(data.verdict).toLowerCase()}, no longer ${verdictPhrase(data.oldVerdict).toLowerCase()}`,
    keep: 'history',
  }),

  PROBLEM_SOLVED: define({
    schema: z.strictObject({
      ...player,
      ...problem,
      points: count.optional(),
      difficulty: z.enum(DIFFICULTIES).optional(),
      /** Whether it is the first solve of the problem in the contest; left out where that is not known, or not shown. */
      first: z.boolean().optional(),
    }),
    targets: toAll,
    title: () => 'Problem solved',
    message: (data, audience) =>
      `${byline(data, audience)} solved ${problemOf(data)}${data.points ? ` for ${data.points} points` : ''}`,
    activity: (data) => [
      {
        ...activityOf('PROBLEM_SOLVED', data.playerId, null, { points: data.points }),
        problemId: data.problemId,
        ...(data.contestId === undefined ? {} : { contestId: data.contestId }),
      },
    ],
    redact: {
      // Whether it is the first solve follows from what is hidden of other players.
      frozen: ({ first, ...data }) => hiddenFromOthers(data),
      private: hiddenFromProblem,
    },
    keep: 'history',
  }),

  SOLVE_RETRACTED: define({
    schema: z.strictObject({
      ...player,
      ...problem,
      verdict: verdict.optional(),
      /** `eventId` of the PROBLEM_SOLVED that this takes back, where it is known. */
      supersedes: id.optional(),
    }),
    targets: toAll,
    title: () => 'Solve taken back',
    message: (data, audience) =>
      `${byline(data, audience)} no longer solved ${problemOf(data)}${data.verdict === undefined ? '' : `: ${verdictPhrase(data.verdict).toLowerCase()}`}`,
    redact: { frozen: hiddenFromOthers, private: hiddenFromProblem },
    keep: 'history',
  }),

  XP_GAINED: define({
    schema: z.strictObject({
      ...player,
      /** Negative where it was taken back. */
      xp: z.int(),
      /** The platform's word for what it is for. */
      source: text(50),
      ledgerId: id.optional(),
      contestId: id.optional(),
      contestTitle: text(200).optional(),
    }),
    targets: (data) => [scopes.player(data.playerId)],
    title: (data) => `${data.xp > 0 ? '+' : ''}${data.xp} XP`,
    message: (data, audience) =>
      `${byline(data, audience)} ${data.xp < 0 ? 'lost' : 'gained'} ${Math.abs(data.xp)} XP${titled(' in ', data.contestTitle)}`,
    redact: {
      // What comes after the end is a bonus for a rank, and gives the rank away.
      frozen: (data, { over }) => ({
        data,
        targets: [],
        activity: true,
        paced: over ? whereContest(data, scopes.hidden) : [scopes.player(data.playerId)],
        deferred: over ? [scopes.player(data.playerId)] : [],
      }),
    },
    unpublished: ['ledgerId'],
    keep: 'history',
  }),
} as const;

function problemOf({ problemId, problemTitle, contestTitle }: About): string {
  return `${problemTitle ?? `problem ${problemId}`}${titled(' in ', contestTitle)}`;
}

const whereContest = ({ contestId }: Pick<About, 'contestId'>, scopeOf: (id: number) => Scope): Scope[] =>
  contestId === undefined ? [] : [scopeOf(contestId)];

function toPlayerAndAdmins(data: About): Scope[] {
  return [scopes.player(data.playerId), ...whereContest(data, scopes.hidden)];
}

function toAll(data: About): Scope[] {
  return [
    scopes.player(data.playerId),
    scopes.problem(data.problemId),
    ...whereContest(data, scopes.contest),
  ];
}

function hiddenFromOthers<D extends About>(data: D): Redacted<D> {
  return {
    data,
    targets: [],
    activity: true,
    paced: toPlayerAndAdmins(data),
    deferred: [scopes.problem(data.problemId), ...whereContest(data, scopes.contest)],
  };
}

/** Viewers of the problem must see neither the contest nor its participants. */
function hiddenFromProblem<D extends About>(data: D): Redacted<D> {
  return {
    data,
    targets: [scopes.player(data.playerId), ...whereContest(data, scopes.contest)],
    activity: true,
  };
}
