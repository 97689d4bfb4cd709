import { randomOf } from './random.mjs';

/** Verdicts of submissions which the feed leaves without one: this share of them is accepted. */
const ACCEPTED_SHARE = 0.35;
/** How long they are judged, seconds. */
const JUDGED_S = 5;

/** Seconds of a RELTIME of the Contest API. */
function secondsOf(text) {
  const [, sign, hours, minutes, seconds] = /^(-?)(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(text);
  const total = Number(hours) * 3_600 + Number(minutes) * 60 + Math.floor(Number(seconds));
  return sign === '-' ? -total : total;
}

/**
 * Reads a feed of the CLICS Contest API: its teams and problems, and what happens by contest time, in seconds. A submission's
 * second judgement, and the end of its only one, are rejudgements. Submissions before the start, and of teams or to problems that the
 * feed does not have, are left out. Freeze, end and thaw follow from the contest.
 *
 * @param lines of the feed, each an object
 * @param seed of verdicts for submissions that the feed leaves without one, as a public feed does with those of its freeze; without
 *   it they stay pending
 */
export function timelineOf(lines, seed) {
  const latest = new Map();
  const order = [];
  for (const { type, id, data } of lines) {
    const all = Array.isArray(data) ? data : [data];
    for (const one of all) {
      const key = `${type}/${one?.id ?? id ?? ''}`;
      if (!latest.has(key)) order.push(key);
      if (one === null) latest.delete(key);
      else latest.set(key, one);
    }
  }
  const of = (type) =>
    order.filter((key) => key.startsWith(`${type}/`) && latest.has(key)).map((key) => latest.get(key));
  const [contest] = of('contest');
  const duration = secondsOf(contest.duration);
  const freeze = contest.scoreboard_freeze_duration ? secondsOf(contest.scoreboard_freeze_duration) : 0;
  const freezeAt = freeze > 0 ? duration - freeze : undefined;
  const idsOf = (type) => new Set(of(type).map(({ id }) => id));
  const [teams, problems] = [idsOf('teams'), idsOf('problems')];
  const submissions = of('submissions').filter(
    ({ contest_time, team_id, problem_id }) =>
      !contest_time.startsWith('-') && teams.has(team_id) && problems.has(problem_id),
  );
  const known = new Set(submissions.map(({ id }) => id));
  const actions = [
    ...submissions.map((submission) => ({
      kind: 'submit',
      at: secondsOf(submission.contest_time),
      submissionId: submission.id,
      team: submission.team_id,
      problem: submission.problem_id,
    })),
    ...of('judgements')
      .filter(({ judgement_type_id, submission_id }) => judgement_type_id && known.has(submission_id))
      .map((judgement) => ({
        kind: 'judge',
        at: secondsOf(judgement.end_contest_time ?? judgement.start_contest_time),
        submissionId: judgement.submission_id,
        verdict: judgement.judgement_type_id,
      })),
    ...(freezeAt === undefined ? [] : [{ kind: 'freeze', at: freezeAt }]),
  ];
  if (seed !== undefined) {
    const judged = new Set(
      actions.filter(({ kind }) => kind === 'judge').map(({ submissionId }) => submissionId),
    );
    const random = randomOf(seed);
    for (const { kind, at, submissionId } of [...actions])
      if (kind === 'submit' && !judged.has(submissionId))
        actions.push({
          kind: 'judge',
          at: at + JUDGED_S,
          submissionId,
          verdict: random() < ACCEPTED_SHARE ? 'AC' : 'WA',
        });
  }
  actions.sort((a, b) => a.at - b.at);
  const last = Math.max(duration, actions.at(-1)?.at ?? 0);
  return {
    name: contest.name,
    duration,
    freezeAt,
    teams: of('teams'),
    problems: of('problems').toSorted((a, b) => a.ordinal - b.ordinal),
    actions: [
      ...actions,
      { kind: 'end', at: last },
      ...(freezeAt === undefined ? [] : [{ kind: 'thaw', at: last }]),
    ],
  };
}
