import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  formatScope,
  type ParsedScope,
  parseId,
  parseScope,
  SCOPE_KINDS,
  type Scope,
  scopeKind,
  scopes,
} from '../../src/protocol/scope.ts';
import { anyText } from '../support/arbitrary.ts';

const id = fc.oneof(
  fc.integer({ min: 1, max: 100 }),
  fc.maxSafeNat().filter((n) => n > 0),
);

const scope: fc.Arbitrary<readonly [Scope, ParsedScope]> = fc
  .tuple(fc.constantFrom(...SCOPE_KINDS), id)
  .map(([kind, id]): readonly [Scope, ParsedScope] => {
    const spell = scopes[kind];
    return typeof spell === 'function'
      ? [spell(id), { kind, id } as ParsedScope]
      : [spell, { kind } as ParsedScope];
  });

test('a scope reads back as it was written', () => {
  fc.assert(
    fc.property(scope, ([text, parsed]) => {
      expect(parseScope(text)).toEqual(parsed);
      expect(scopeKind(text)).toBe(parsed.kind);
    }),
  );
});

test('a scope fits its column and goes into SQL and JSON as it is', () => {
  fc.assert(fc.property(scope, ([text]) => void expect(text).toMatch(/^[a-z0-9:]{1,64}$/)));
});

test('of all texts only the canonical spelling of a scope is one', () => {
  const almost = fc
    .tuple(scope, anyText(3), fc.nat(30))
    .map(([[text], noise, at]) => text.slice(0, at) + noise + text.slice(at));
  const lookalike = fc.stringMatching(
    /^(player|contest|problem|global|ops)?:?[0-9a-z:]{0,20}(:leaderboard(:real)?)?$/,
  );
  fc.assert(
    fc.property(fc.oneof(almost, anyText(), lookalike), (text) => {
      const parsed = parseScope(text);
      if (!parsed) return;
      expect(formatScope(parsed)).toBe(text);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  '',
  'player',
  'player:',
  'player:0',
  'player:01',
  'player:-1',
  'player:+1',
  'player:1.0',
  'player:1e3',
  'player: 1',
  'player:1 ',
  'player:1\n',
  'player:1\0',
  'PLAYER:1',
  'player:me',
  'player:9007199254740992',
  'player:99999999999999999',
  'player:1:leaderboard',
  'problem:1:leaderboard',
  'contest:1:',
  'contest:1:leaderboards',
  'contest:1:leaderboard:',
  'contest::leaderboard',
  'contest:1:leaderboard\n',
  'global:',
  'global:1',
  'Global',
  ' global',
  'global\n',
  'globals',
  'user:1',
  'player:1,player:2',
  "player:1' OR 1=1 --",
  'player:１',
  '__proto__',
  'constructor:1',
])('%j is no scope', (text) => {
  expect(parseScope(text)).toBeUndefined();
  expect(() => scopeKind(text as Scope)).toThrow(TypeError);
});

test('an id is a whole number from 1 to 2^53 − 1, written in one way', () => {
  fc.assert(fc.property(id, (id) => void expect(parseId(String(id))).toBe(id)));
  for (const text of ['', '0', '01', '-1', '1.5', '1e2', ' 1', '1\n', '9007199254740992', '0x1', '१'])
    expect(parseId(text)).toBeUndefined();
});

test('the kind of what is no scope is an error that names it', () => {
  expect(() => scopeKind('contest:0' as Scope)).toThrow(new TypeError('not a scope: contest:0'));
});
