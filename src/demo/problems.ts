import type { Difficulty } from '../protocol/enums.ts';

export interface DemoProblem {
  readonly title: string;
  readonly difficulty: Difficulty;
  readonly description: string;
  readonly example: readonly [input: string, output: string];
}

export const POINTS: Readonly<Record<Difficulty, number>> = { EASY: 100, MEDIUM: 200, HARD: 400 };

export const DEMO_PROBLEMS: readonly DemoProblem[] = [
  problem('Two Sum', 'EASY', 'Find two numbers that add up to the target.', ['[2,7,11,15] 9', '[0,1]']),
  problem('Balanced Brackets', 'EASY', 'Is every bracket closed by its own kind, in order?', [
    '([]{})',
    'true',
  ]),
  problem('Rotate the Matrix', 'MEDIUM', 'Turn a square matrix by 90° in place.', [
    '[[1,2],[3,4]]',
    '[[3,1],[4,2]]',
  ]),
  problem('Longest Quiet Stretch', 'MEDIUM', 'The longest run without a repeated character.', [
    'abcabcbb',
    '3',
  ]),
  problem('Merge the Calendars', 'MEDIUM', 'Join meetings that overlap.', ['[[1,3],[2,6]]', '[[1,6]]']),
  problem('Cheapest Route', 'HARD', 'The cheapest path with at most k stops.', ['4 0 3 1', '700']),
  problem('Word Ladder', 'HARD', 'The fewest one-letter changes between two words.', ['cold warm', '4']),
  problem('Median of a Stream', 'HARD', 'The median after every number that arrives.', ['5 15 1', '5 10 5']),
];

/** Problems of each contest, by index in `DEMO_PROBLEMS`. */
export const LIVE_PROBLEMS = [0, 1, 2, 3, 4, 5] as const;
export const ENDED_PROBLEMS = [0, 3, 6] as const;
export const UPCOMING_PROBLEMS = [2, 5, 7] as const;

/** The next problem of a player. Each player solves a contest's problems in an order of their own, which follows from the index. */
export function problemInTurn<T>(problems: readonly T[], playerIndex: number, solved: number): T | undefined {
  return solved >= problems.length ? undefined : problems[(playerIndex + solved) % problems.length];
}

/** A participant's `final_rating`, at least 0. */
export function ratingOf(rawScore: number, accuracyScore: number, penaltyMins: number): number {
  return Math.max(0, Math.round((rawScore + accuracyScore - penaltyMins) * 100) / 100);
}

function problem(
  title: string,
  difficulty: Difficulty,
  description: string,
  example: DemoProblem['example'],
): DemoProblem {
  return { title, difficulty, description, example };
}
