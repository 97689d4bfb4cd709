import { z } from 'zod';
import { revealStep } from '../event-types/reveal-events.ts';
import { cell, leaderboardRow } from '../fields.ts';
import { cursor, list, type Wire } from './wire.ts';

/** The reveal of a contest's frozen standings. */
export const reveal = z
  .object({
    contestId: z.int(),
    state: z.enum(['none', 'open', 'finished']).meta({
      description: '`finished`: everything is revealed, or the standings were unfrozen meanwhile.',
    }),
    freezeNo: z.int().optional().meta({
      description: 'Number of the freeze that is revealed; steps are counted anew for each.',
    }),
    step: z.int().meta({ description: 'The last step; 0: it was opened.' }),
    last: revealStep
      .optional()
      .meta({ description: 'What the last step disclosed; of step 0, what comes next.' }),
    canStep: z.boolean().meta({ description: 'Whether the caller may open it and take its steps.' }),
    cursor,
  })
  .meta({ id: 'Reveal' });

/** What everybody is shown of an open reveal, whole: the same for all callers. */
export const revealStandings = reveal
  .omit({ canStep: true })
  .extend({
    version: z.int().meta({ description: 'Version of the rows.' }),
    total: z.int(),
    cellsVersion: z.int().meta({ description: 'Version of the cells.' }),
    problems: list(z.int()).meta({ description: 'Ids of the problems, in their order.' }),
    rows: list(leaderboardRow.extend({ cells: list(cell) })).meta({
      description:
        'All rows, best first. They may be of a later step: applying the steps since again changes nothing.',
    }),
  })
  .meta({ id: 'RevealStandings' });

export const revealRequest = z.strictObject({
  step: z.int().min(1).meta({ description: 'Number of the step: that of the last one plus 1.' }),
  extent: z.enum(['cell', 'row', 'all']).default('cell').meta({
    description: 'What it reveals: the next cell, the whole row of that cell, or everything that is left.',
  }),
});

export const revealedStep = revealStep
  .extend({
    duplicate: z.boolean().meta({ description: 'Whether the step had been taken before.' }),
  })
  .meta({ id: 'RevealStep' });

export type Reveal = Wire<typeof reveal>;
export type RevealStandings = Wire<typeof revealStandings>;
export type RevealedStep = Wire<typeof revealedStep>;
export type RevealExtent = z.output<typeof revealRequest>['extent'];
