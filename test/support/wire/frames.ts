import fc from 'fast-check';
import { LiveFrame } from '../../../src/channel/live-frame.ts';
import type { LogRow } from '../../../src/log/row.ts';
import { EVENT_TYPES } from '../../../src/protocol/event.ts';
import { type Scope, scopes } from '../../../src/protocol/scope.ts';

/** Few scopes, so that they meet often. */
export const SOME_SCOPES: readonly Scope[] = [
  scopes.player(1),
  scopes.player(2),
  scopes.contest(1),
  scopes.leaderboard(1),
  scopes.problem(1),
  scopes.global,
];

export const someScopes = fc.subarray([...SOME_SCOPES], { minLength: 1 });

/** A row of the log that says nothing in particular. */
export function rowOf(id: number, fields: Partial<LogRow> = {}): LogRow {
  const row: LogRow = {
    id,
    eventId: id,
    scope: 'global',
    type: 'ANNOUNCEMENT',
    playerId: null,
    title: 'Title',
    message: 'Message',
    data: '{}',
    at: 1_700_000_000_000,
    term: 'k7f2',
    tag: null,
  };
  return { ...row, ...fields };
}

export const frameOf = (id: number, fields: Partial<LogRow> = {}): LiveFrame =>
  new LiveFrame(rowOf(id, fields), 'k7f2');

/** The next frames of a log, some positions of which may be missing. */
export const framesAfter = (start: number, maxLength = 40): fc.Arbitrary<LiveFrame[]> =>
  fc
    .array(
      fc.record({
        step: fc.oneof(
          { weight: 4, arbitrary: fc.constant(1) },
          { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
        ),
        scope: fc.constantFrom(...SOME_SCOPES),
        type: fc.constantFrom(...EVENT_TYPES.slice(0, 3)),
        pad: fc.nat(300),
      }),
      { maxLength },
    )
    .map((specs) => {
      let id = start;
      return specs.map(({ step, scope, type, pad }) => {
        id += step;
        return frameOf(id, { scope, type, message: 'x'.repeat(pad) });
      });
    });
