import type { ContestFacts, ProblemFacts, TeamFacts } from '../platform/contest-facts.ts';
import type { FinalResults } from '../platform/results.ts';
import type { JudgedSubmission } from '../platform/submissions.ts';
import { identifierOf, labelOf, relativeTimeOf, timeOf, timeOrNull } from './formats.ts';
import { judgementTypeOf } from './judgement-types.ts';

/** Penalty for a rejected submission, in minutes. */
const PENALTY_MINUTES = 20;

/** Contest object. */
export function contestObject(facts: ContestFacts) {
  const { startsAt, endsAt } = facts;
  const duration = startsAt === null || endsAt === null ? 0 : Math.max(0, endsAt - startsAt);
  const { frozen } = instantsOf(facts);
  return {
    id: String(facts.id),
    name: facts.title,
    formal_name: facts.title,
    start_time: timeOrNull(startsAt),
    duration: relativeTimeOf(duration),
    scoreboard_freeze_duration:
      frozen === null || endsAt === null
        ? null
        : relativeTimeOf(Math.min(duration, Math.max(0, endsAt - frozen))),
    scoreboard_type: 'pass-fail',
    penalty_time: PENALTY_MINUTES,
  };
}

/** Instants of a contest's state, in ms since 1970, in the order that the specification asks for. */
interface StateInstants {
  readonly started: number | null;
  readonly frozen: number | null;
  readonly ended: number | null;
  readonly thawed: number | null;
  readonly finalized: number | null;
  readonly endOfUpdates: number | null;
}

/** @param admin whether the final ranking of a frozen contest counts */
function instantsOf(facts: ContestFacts, admin = false): StateInstants {
  const { status, startsAt, endsAt, announcedAt, frozenAt } = facts;
  const hasStarted = status === 'LIVE' || status === 'ENDED';
  // A contest that was started or ended by hand was so when that was announced.
  const started = hasStarted ? earliest(startsAt, announcedAt) : null;
  const ended = status === 'ENDED' ? atLeast(earliest(endsAt, announcedAt), started) : null;
  const wasFrozen = frozenAt !== null && started !== null && (facts.frozen || ended !== null);
  const frozen = wasFrozen ? Math.min(Math.max(frozenAt, started), ended ?? Number.POSITIVE_INFINITY) : null;
  const isThawed = frozen !== null && ended !== null && !facts.frozen;
  const thawed = isThawed
    ? atLeast(facts.revealedAt ?? facts.resultsAt ?? facts.leaderboardAt ?? ended, ended)
    : null;
  const isFinal = facts.rankingComplete && ended !== null && (admin || !facts.frozen);
  const finalized = isFinal ? atLeast(facts.resultsAt ?? ended, ended) : null;
  const isOver = finalized !== null && !facts.frozen;
  return {
    started,
    frozen,
    ended,
    thawed,
    finalized,
    endOfUpdates: isOver ? atLeast(finalized, thawed) : null,
  };
}

/** State object. @param admin whether it is for those who see what a freeze hides */
export function stateObject(facts: ContestFacts, admin: boolean) {
  const { endOfUpdates, ...instants } = instantsOf(facts, admin);
  const times = Object.entries(instants).map(([name, at]) => [name, timeOrNull(at)] as const);
  return { ...Object.fromEntries(times), end_of_updates: timeOrNull(endOfUpdates) };
}

function earliest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

function atLeast(at: number | null, floor: number | null): number | null {
  return at === null || floor === null ? at : Math.max(at, floor);
}

/** Problem object. @param place in the contest, from 0 */
export function problemObject({ id, title, tests }: ProblemFacts, place: number) {
  return {
    id: String(id),
    label: labelOf(place),
    name: title,
    ordinal: place,
    test_data_count: tests,
  };
}

/** Team object: a participant. */
export function teamObject({ id, name }: TeamFacts) {
  return { id: String(id), label: String(id), name, display_name: name };
}

/** Language object. @param language the platform's word */
export function languageObject(language: string) {
  return { id: identifierOf(language), name: language, entry_point_required: false, extensions: [] };
}

/** Submission object. */
export function submissionObject(submission: JudgedSubmission, startsAt: number | null) {
  const { id, playerId, problemId, submittedAt } = submission;
  return {
    id: String(id),
    language_id: identifierOf(submission.language),
    problem_id: String(problemId),
    team_id: String(playerId),
    time: timeOf(submittedAt),
    contest_time: relativeTimeOf(submittedAt - (startsAt ?? submittedAt)),
    entry_point: null,
    files: [],
  };
}

/**
 * Judgement object of a submission that is judged. A submission has one judgement, with its id: the platform keeps the
 * present verdict alone, and no time of it, so that the time of submission stands for it.
 */
export function judgementObject(submission: JudgedSubmission, startsAt: number | null) {
  const { id, submittedAt } = submission;
  const time = timeOf(submittedAt);
  const contestTime = relativeTimeOf(submittedAt - (startsAt ?? submittedAt));
  return {
    id: String(id),
    submission_id: String(id),
    judgement_type_id: judgementTypeOf(submission.verdictWord ?? '').id,
    start_time: time,
    start_contest_time: contestTime,
    end_time: time,
    end_contest_time: contestTime,
  };
}

/** Award objects of a final ranking. */
export function resultAwards({ winners, top }: FinalResults) {
  const teams = (places: FinalResults['top']) => places.map(({ playerId }) => String(playerId));
  const ranks = [...new Set(top.map(({ rank }) => rank))];
  return [
    { id: 'winner', citation: 'Contest winner', team_ids: teams(winners) },
    ...ranks.map((rank) => ({
      id: `rank-${rank}`,
      citation: `Rank ${rank}`,
      team_ids: teams(top.filter((place) => place.rank === rank)),
    })),
  ];
}

/** Award object of the first solve of a problem. @param playerId undefined: no player's yet */
export function firstToSolveAward(problemId: number, place: number, playerId: number | undefined) {
  return {
    id: `first-to-solve-${problemId}`,
    citation: `First to solve problem ${labelOf(place)}`,
    team_ids: playerId === undefined ? [] : [String(playerId)],
  };
}
