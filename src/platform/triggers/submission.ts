import { DIFFICULTIES } from '../../protocol/enums.ts';
import { bodyOf, only } from './body.ts';
import {
  CONTEST_TITLE,
  contestFrozen,
  contestTitle,
  FROZEN,
  NAME_OF_PLAYER,
  PLAYER_NAME,
  playerName,
  TITLE_OF_CONTEST,
} from './lookup.ts';
import { publishEvent } from './outbox-row.ts';
import type { Trigger } from './trigger.ts';
import { sqlBoolean, sqlInt, sqlIntFrom, sqlOneOf, sqlText } from './value.ts';

const SOLVED_BEFORE = 'v_solved_before';
const OTHERS_FIRST = 'v_others_first';
const PROBLEM_TITLE = 'v_problem_title';
const DIFFICULTY = 'v_difficulty';

const playerId = sqlInt('NEW.player_id');
const problemId = sqlInt('NEW.problem_id');
const contestId = sqlInt('NEW.contest_id');
const submissionId = sqlInt('NEW.id');
const points = sqlIntFrom(0, 'NEW.points_earned');
const verdictOf = (row: 'OLD' | 'NEW') => `UPPER(${row}.verdict)`;
const about = {
  playerId,
  playerName: sqlText(100, PLAYER_NAME),
  problemId,
  problemTitle: sqlText(200, PROBLEM_TITLE),
  contestId,
  contestTitle: sqlText(200, CONTEST_TITLE),
};
const submission = { ...about, submissionId };

/** Time of the statement, ms: the same in every trigger that it fires. */
const STATEMENT_MS = 'CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS UNSIGNED)';

const common = {
  table: 'submission',
  reads: {
    submission: ['id', 'player_id', 'problem_id', 'contest_id', 'verdict', 'points_earned'],
    problem: ['id', 'title', 'difficulty'],
    ...NAME_OF_PLAYER,
    ...TITLE_OF_CONTEST,
  },
} as const;

const variables = [
  PLAYER_NAME,
  PROBLEM_TITLE,
  DIFFICULTY,
  CONTEST_TITLE,
  FROZEN,
  SOLVED_BEFORE,
  OTHERS_FIRST,
];

const lookUp = [
  playerName('NEW.player_id'),
  `SELECT MAX(q.title), MAX(q.difficulty) INTO ${PROBLEM_TITLE}, ${DIFFICULTY}
FROM problem q WHERE q.id = NEW.problem_id;`,
  only('NEW.contest_id IS NOT NULL', contestTitle('NEW.contest_id'), contestFrozen('NEW.contest_id')),
];

/** Looks up whether the player has another accepted submission of the problem there, into `SOLVED_BEFORE`. */
const lookUpSolved = `SELECT MAX('yes') INTO ${SOLVED_BEFORE} FROM submission s
WHERE s.player_id = NEW.player_id AND s.problem_id = NEW.problem_id AND s.contest_id <=> NEW.contest_id
AND s.verdict = 'ACCEPTED' AND s.id <> NEW.id;`;

/** Looks up whether another player has one in the contest, into `OTHERS_FIRST`. Ends at the first that is found. */
const lookUpOthers = `SELECT MAX(o.found) INTO ${OTHERS_FIRST} FROM (SELECT 'yes' AS found FROM submission s
WHERE s.contest_id = NEW.contest_id AND s.problem_id = NEW.problem_id AND s.verdict = 'ACCEPTED'
AND s.player_id <> NEW.player_id LIMIT 1) o;`;

const publishJudged = publishEvent(
  'SUBMISSION_JUDGED',
  { ...submission, verdict: verdictOf('NEW'), points },
  ['submission-judged', submissionId],
);

/**
 * A player's first accepted submission of a problem in a contest, or outside of contests, solves it; later ones are not
 * published.
 */
const publishSolved = [
  lookUpSolved,
  only(
    `${SOLVED_BEFORE} IS NULL`,
    only('NEW.contest_id IS NOT NULL', lookUpOthers),
    publishEvent(
      'PROBLEM_SOLVED',
      {
        ...about,
        points: sqlIntFrom(1, 'NEW.points_earned'),
        difficulty: sqlOneOf(DIFFICULTIES, DIFFICULTY),
        first: sqlBoolean(`${OTHERS_FIRST} IS NULL`, 'NEW.contest_id IS NOT NULL'),
      },
      ['problem-solved', playerId, problemId, `COALESCE(${contestId}, 'practice')`],
      FROZEN,
    ),
  ),
];

/** The last accepted submission of a problem there is no longer accepted. */
const publishRetracted = [
  lookUpSolved,
  only(
    `${SOLVED_BEFORE} IS NULL`,
    publishEvent(
      'SOLVE_RETRACTED',
      { ...about, verdict: verdictOf('NEW') },
      ['solve-retracted', submissionId, STATEMENT_MS],
      FROZEN,
    ),
  ),
];

/** Submission that gets a verdict, or another one. */
export const submissionAccepted: Trigger = {
  ...common,
  writes: ['SUBMISSION_JUDGED', 'SUBMISSION_REJUDGED', 'PROBLEM_SOLVED', 'SOLVE_RETRACTED'],
  piece: 'submission_accepted',
  event: 'UPDATE',
  body: bodyOf(
    { when: 'NOT (NEW.verdict <=> OLD.verdict) AND NEW.verdict IS NOT NULL', variables },
    ...lookUp,
    only("OLD.verdict IS NULL OR OLD.verdict = 'PENDING'", publishJudged),
    only(
      "OLD.verdict <> 'PENDING'",
      publishEvent(
        'SUBMISSION_REJUDGED',
        { ...submission, oldVerdict: verdictOf('OLD'), verdict: verdictOf('NEW'), points },
        ['submission-rejudged', submissionId, STATEMENT_MS],
      ),
    ),
    only("NEW.verdict = 'ACCEPTED'", ...publishSolved),
    only("OLD.verdict = 'ACCEPTED'", ...publishRetracted),
  ),
};

/** Submission that is inserted: to be judged, or with its verdict. */
export const submissionInserted: Trigger = {
  ...common,
  writes: ['SUBMISSION_RECEIVED', 'SUBMISSION_JUDGED', 'PROBLEM_SOLVED'],
  piece: 'submission_inserted',
  event: 'INSERT',
  body: bodyOf(
    { when: 'NEW.verdict IS NOT NULL', variables },
    ...lookUp,
    publishEvent('SUBMISSION_RECEIVED', submission, ['submission-received', submissionId]),
    only("NEW.verdict <> 'PENDING'", publishJudged),
    only("NEW.verdict = 'ACCEPTED'", ...publishSolved),
  ),
};
