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
import { sqlInt, sqlIntFrom, sqlOneOf, sqlText } from './value.ts';

const SOLVED_BEFORE = 'v_solved_before';
const PROBLEM_TITLE = 'v_problem_title';
const DIFFICULTY = 'v_difficulty';

const playerId = sqlInt('NEW.player_id');
const problemId = sqlInt('NEW.problem_id');
const contestId = sqlInt('NEW.contest_id');

const common = {
  table: 'submission',
  writes: ['PROBLEM_SOLVED'],
  reads: {
    submission: ['id', 'player_id', 'problem_id', 'contest_id', 'verdict', 'points_earned'],
    problem: ['id', 'title', 'difficulty'],
    ...NAME_OF_PLAYER,
    ...TITLE_OF_CONTEST,
  },
} as const;

/**
 * A player's first accepted submission of a problem in a contest, or outside of contests, solves it; later ones are not
 * published.
 */
const solved = (when: string) =>
  bodyOf(
    { when, variables: [SOLVED_BEFORE, PLAYER_NAME, CONTEST_TITLE, PROBLEM_TITLE, DIFFICULTY, FROZEN] },
    `SELECT MAX('yes') INTO ${SOLVED_BEFORE} FROM submission s
WHERE s.player_id = NEW.player_id AND s.problem_id = NEW.problem_id AND s.contest_id <=> NEW.contest_id
AND s.verdict = 'ACCEPTED' AND s.id <> NEW.id;`,
    only(
      `${SOLVED_BEFORE} IS NULL`,
      playerName('NEW.player_id'),
      `SELECT MAX(q.title), MAX(q.difficulty) INTO ${PROBLEM_TITLE}, ${DIFFICULTY}
FROM problem q WHERE q.id = NEW.problem_id;`,
      only('NEW.contest_id IS NOT NULL', contestTitle('NEW.contest_id'), contestFrozen('NEW.contest_id')),
      publishEvent(
        'PROBLEM_SOLVED',
        {
          playerId,
          playerName: sqlText(100, PLAYER_NAME),
          problemId,
          problemTitle: sqlText(200, PROBLEM_TITLE),
          contestId,
          contestTitle: sqlText(200, CONTEST_TITLE),
          points: sqlIntFrom(1, 'NEW.points_earned'),
          difficulty: sqlOneOf(DIFFICULTIES, DIFFICULTY),
        },
        ['problem-solved', playerId, problemId, `COALESCE(${contestId}, 'practice')`],
        FROZEN,
      ),
    ),
  );

/** Submission whose verdict becomes ACCEPTED, as the platform judges it. */
export const submissionAccepted: Trigger = {
  ...common,
  piece: 'submission_accepted',
  event: 'UPDATE',
  body: solved("NEW.verdict = 'ACCEPTED' AND NOT (OLD.verdict <=> 'ACCEPTED')"),
};

/** Submission that is inserted with its verdict. */
export const submissionInserted: Trigger = {
  ...common,
  piece: 'submission_inserted',
  event: 'INSERT',
  body: solved("NEW.verdict = 'ACCEPTED'"),
};
