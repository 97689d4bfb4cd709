import type { CellsContest, Submission } from '../../platform/submissions.ts';
import type { Cell } from '../../protocol/cells.ts';

/** First accepted submission of a player to a problem, as far as it is shown. */
export interface Solve {
  /** In ms since 1970. */
  readonly at: number;
  readonly submissionId: number;
}

/** One player's cells, without the mark of who was first, which depends on all players. */
export interface ComputedCells {
  readonly cells: readonly Cell[];
  readonly solves: ReadonlyMap<number, Solve>;
  /** By problem, when the first hidden submission was made, in ms since 1970. */
  readonly hidden: ReadonlyMap<number, number>;
}

/** Problems of one player whose cells a reveal has opened; `all`: its total is revealed, and nothing of the row is hidden any more. */
export type OpenedProblems = ReadonlySet<number> | 'all';

const NONE: ReadonlySet<number> = new Set();
const MINUTE_MS = 60_000;
/** Precision of the platform's times of submission, ms. */
const PRECISION_MS = 1_000;

/**
 * Instant from which on a freeze hides submissions, in ms since 1970; Infinity: it hides none. Times of submission are in
 * whole seconds: one in the second of the freeze may have come after it, and is hidden.
 */
export function hiddenFrom({ frozen, frozenAt }: Pick<CellsContest, 'frozen' | 'frozenAt'>): number {
  if (!frozen) return Number.POSITIVE_INFINITY;
  // Not recorded yet: nothing is known to be from before the freeze.
  return frozenAt === null ? Number.NEGATIVE_INFINITY : frozenAt - (frozenAt % PRECISION_MS);
}

/**
 * Computes the cells of one player by the rule of the ICPC: what was submitted before the freeze is public, also when it is
 * judged or judged again later; what was submitted after it is pending, until the freeze is over.
 *
 * @param submissions of the player, in the order of submission
 * @param hidden instant from which on submissions are hidden, in ms since 1970
 * @param opened problems whose cells a reveal has opened: of these nothing is hidden
 */
export function cellsOf(
  submissions: readonly Submission[],
  { startsAt }: Pick<CellsContest, 'startsAt'>,
  hidden = Number.POSITIVE_INFINITY,
  opened: OpenedProblems = NONE,
): ComputedCells {
  const solves = new Map<number, Solve>();
  const firstHidden = new Map<number, number>();
  const counts = new Map<number, { attempts: number; pending: number; points: number }>();
  for (const { id, problemId, verdict, points, submittedAt } of submissions) {
    if (solves.has(problemId)) continue;
    const count = counts.get(problemId) ?? { attempts: 0, pending: 0, points: 0 };
    counts.set(problemId, count);
    const isHidden = submittedAt >= hidden && opened !== 'all' && !opened.has(problemId);
    if (isHidden && !firstHidden.has(problemId)) firstHidden.set(problemId, submittedAt);
    if (isHidden || verdict === 'pending') count.pending++;
    else {
      count.attempts++;
      if (verdict === 'accepted') {
        count.points = points;
        solves.set(problemId, { at: submittedAt, submissionId: id });
      }
    }
  }
  const cells = [...counts].map(([problemId, { attempts, pending, points }]): Cell => {
    const solve = solves.get(problemId);
    return {
      problemId,
      attempts,
      ...(pending > 0 ? { pending } : {}),
      ...(solve ? { solvedAt: minutesAfter(startsAt, solve.at), ...(points > 0 ? { points } : {}) } : {}),
    };
  });
  cells.sort((a, b) => a.problemId - b.problemId);
  return { cells, solves, hidden: firstHidden };
}

/** Whether a solve was earlier than another one. */
export function isEarlier(a: Solve, b: Solve): boolean {
  return a.at < b.at || (a.at === b.at && a.submissionId < b.submissionId);
}

function minutesAfter(startsAt: number | null, at: number): number {
  return Math.max(0, Math.floor((at - (startsAt ?? at)) / MINUTE_MS));
}
