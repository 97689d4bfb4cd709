import { describe, expect, it } from 'vitest';
import { type Input, TRANSITIONS } from '../../src/client/states.ts';
import type { ConnectionState } from '../../src/client/types.ts';

const STATES = ['idle', 'connecting', 'catching-up', 'open', 'waiting', 'offline', 'closed'] as const;
const INPUTS = [
  'start',
  'opened',
  'caught-up',
  'lost',
  'due',
  'wake',
  'refused',
  'rest',
  'offline',
  'online',
  'close',
] as const;

/** Every change there is, and why. Whatever is not named changes nothing. */
const CHANGES: readonly (readonly [
  why: string,
  input: Input,
  from: readonly ConnectionState[],
  to: ConnectionState,
])[] = [
  ['can be started at any time, also again', 'start', STATES, 'connecting'],
  ['can be closed at any time, for good', 'close', STATES, 'closed'],
  ['first gets what was missed', 'opened', ['connecting', 'open'], 'catching-up'],
  ['is live once it has that', 'caught-up', ['catching-up'], 'open'],
  ['waits after a loss', 'lost', ['connecting', 'catching-up', 'open'], 'waiting'],
  [
    'tries again in time, offline too, since browsers are wrong at times',
    'due',
    ['waiting', 'offline'],
    'connecting',
  ],
  ['tries again at once for a visible page', 'wake', ['waiting'], 'connecting'],
  ['tries again at once when there is a network', 'online', ['waiting', 'offline'], 'connecting'],
  [
    'gives up what was refused',
    'refused',
    ['connecting', 'catching-up', 'open', 'waiting', 'offline'],
    'closed',
  ],
  [
    'rests where there is nothing to listen to any more',
    'rest',
    ['connecting', 'catching-up', 'open', 'waiting', 'offline'],
    'idle',
  ],
  ['is offline without a network', 'offline', ['connecting', 'catching-up', 'open', 'waiting'], 'offline'],
];

describe('A connection', () => {
  it.each(CHANGES)('%s', (_why, input, from, to) => {
    for (const state of STATES)
      expect([state, TRANSITIONS[state][input]]).toEqual([state, from.includes(state) ? to : state]);
  });

  it('has these states and inputs, and no others', () => {
    expect(Object.keys(TRANSITIONS).sort()).toEqual([...STATES].sort());
    for (const state of STATES) expect(Object.keys(TRANSITIONS[state]).sort()).toEqual([...INPUTS].sort());
    expect(new Set(CHANGES.map(([, input]) => input)).size).toBe(INPUTS.length);
  });

  it('does nothing before it is started, and nothing after it was closed, unless it is started', () => {
    for (const input of INPUTS) {
      if (input === 'start') continue;
      expect(TRANSITIONS.closed[input]).toBe('closed');
      expect(['idle', 'closed']).toContain(TRANSITIONS.idle[input]);
    }
  });
});
