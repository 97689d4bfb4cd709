import { describe, expect, it } from 'vitest';
import { isolated, stretchesOf, withoutBidiControls } from '../../src/react/text/bidi.ts';

const HEBREW = 'אברהם';

describe('User-made text', () => {
  it('keeps its letters and marks, and loses what turns its surroundings', () => {
    const hostile = 'a\u202ab\u202bc\u202cd\u202de\u202ef\u2066g\u2067h\u2068i\u2069j';
    expect(withoutBidiControls(hostile)).toBe('abcdefghij');
    const text = `${HEBREW} \u200f Tomás 日本 नमस्ते 👩‍💻 عمر`;
    expect(withoutBidiControls(text)).toBe(text);
  });

  it('is isolated in an attribute only where it is written from right to left', () => {
    expect(isolated('Ada')).toBe('Ada');
    expect(isolated(HEBREW)).toBe(`\u2068${HEBREW}\u2069`);
    // It cannot end its isolation itself.
    expect(isolated(`${HEBREW}\u2069\u202eexe`)).toBe(`\u2068${HEBREW}exe\u2069`);
  });
});

describe('A sentence with names', () => {
  it('is split at those that are written from right to left, wherever they are in its data', () => {
    const data = { playerId: 7, players: [{ playerName: HEBREW }], contestTitle: `${HEBREW} 2`, points: 3 };
    expect(stretchesOf(`${HEBREW} joined ${HEBREW} 2, 3 points`, data)).toEqual([
      { text: HEBREW, foreign: true },
      { text: ' joined ', foreign: false },
      { text: `${HEBREW} 2`, foreign: true },
      { text: ', 3 points', foreign: false },
    ]);
  });

  it('is left in one piece otherwise, without what could turn it', () => {
    expect(stretchesOf('Eve \u202e solved Two Sum', { playerName: 'Eve \u202e' })).toEqual([
      { text: 'Eve  solved Two Sum', foreign: false },
    ]);
    expect(stretchesOf('', {})).toEqual([]);
  });

  it('finds a name that contains what turns', () => {
    const name = `${HEBREW}\u202e`;
    expect(stretchesOf(`${name} leads`, { top: [{ playerName: name }] })).toEqual([
      { text: HEBREW, foreign: true },
      { text: ' leads', foreign: false },
    ]);
  });
});
