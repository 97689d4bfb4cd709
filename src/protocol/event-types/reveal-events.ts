import { z } from 'zod';
import { define } from '../definition.ts';
import { cell, count, id, leaderboardRow, name, rank, text } from '../fields.ts';
import { titled } from '../phrases.ts';
import { scopes } from '../scope.ts';

const cells = z.array(cell).max(1_000);

/** What a step of a reveal discloses. */
export const revealStep = z.strictObject({
  contestId: id,
  /** Number of the freeze that is revealed: steps are counted anew for each. */
  freezeNo: count,
  /** Counts the steps of the reveal; 0: it was opened. */
  step: count,
  /** What was revealed: one cell, a whole row, or everything that was left. */
  extent: z.enum(['cell', 'row', 'all']),
  /** Whose row; left out at the opening, and where everything was revealed. */
  playerId: id.optional(),
  playerName: name.optional(),
  /** The opened cells as they are now. */
  cells,
  /** Whether it revealed the total of the row, which its last hidden cell does. */
  settled: z.boolean(),
  oldRank: rank.optional(),
  /** The row after the step. */
  row: leaderboardRow.optional(),
  /** Number of cells that are still hidden. */
  pending: count,
  /** The hidden cell that comes next by what is shown; left out where none is hidden. */
  next: z.strictObject({ playerId: id, problemId: id }).optional(),
  /** Whether everything is revealed. */
  finished: z.boolean(),
});

/** The reveal of frozen standings after the end of a contest. */
export const REVEAL_EVENTS = {
  CONTEST_REVEAL: define({
    schema: z.strictObject({
      contestId: id,
      freezeNo: revealStep.shape.freezeNo,
      contestTitle: text(200).optional(),
      pending: count,
      next: revealStep.shape.next,
    }),
    targets: (data) => [scopes.leaderboard(data.contestId), scopes.contest(data.contestId)],
    title: (data) => data.contestTitle ?? `Contest ${data.contestId}`,
    message: (data) => `The final standings${titled(' of ', data.contestTitle)} are being revealed`,
    keep: 'history',
    internal: true,
  }),

  CONTEST_REVEAL_STEP: define({
    schema: revealStep,
    targets: (data) => [scopes.leaderboard(data.contestId)],
    title: () => 'Reveal',
    message: (data) => {
      if (data.playerId === undefined) return 'Everything is revealed';
      const who = data.playerName ?? `Player ${data.playerId}`;
      const solved = data.cells.filter(({ solvedAt }) => solvedAt !== undefined).length;
      const place = data.settled && data.row ? `, rank ${data.row.rank}` : '';
      return `${who}: ${solved} of ${data.cells.length} solved${place}`;
    },
    keep: 'transient',
    internal: true,
  }),
} as const;
