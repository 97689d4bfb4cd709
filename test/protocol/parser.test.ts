import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { parsePublishBody } from '../../src/http/events.ts';
import { CATALOGUE } from '../../src/protocol/catalogue.ts';
import { EVENT_TYPES } from '../../src/protocol/event.ts';
import { parserOf } from '../../src/protocol/parser.ts';
import { dataOf } from '../support/arbitrary-events.ts';

const schemas = EVENT_TYPES.map((type) => [type, CATALOGUE[type].schema as z.ZodType] as const);

/** Another value in place of one part of a value, or beside it. */
const damage = fc.record({
  path: fc.array(fc.nat(7), { maxLength: 3 }),
  value: fc.oneof(
    fc.constantFrom(
      undefined,
      null,
      '',
      0,
      -1,
      -0,
      1.5,
      Number.NaN,
      2 ** 53,
      true,
      '\ud800',
      'x'.repeat(11_000),
    ),
    fc.jsonValue({ maxDepth: 2 }),
  ),
  how: fc.constantFrom('replace', 'add', 'delete', 'proto'),
});

type Damage = typeof damage extends fc.Arbitrary<infer D> ? D : never;

function damaged(given: unknown, { path: [first, ...rest], value, how }: Damage): unknown {
  if (typeof given !== 'object' || given === null || first === undefined) return value;
  const keys = Object.keys(given);
  const key = keys[first % Math.max(1, keys.length)] ?? 'more';
  if (Array.isArray(given))
    return given.map((one, at) => (String(at) === key ? damaged(one, { path: rest, value, how }) : one));
  const copy: Record<string, unknown> = { ...given };
  if (rest.length > 0) copy[key] = damaged(copy[key], { path: rest, value, how });
  else if (how === 'replace') copy[key] = value;
  else if (how === 'add') copy.more = value;
  else if (how === 'delete') delete copy[key];
  else Object.defineProperty(copy, '__proto__', { value, enumerable: true });
  return copy;
}

/** Expects the outcome of `safeParse`, with the fields in the same order. */
function expectSame(
  schema: z.ZodType,
  parse: (value: unknown) => z.ZodSafeParseResult<unknown>,
  value: unknown,
) {
  const expected = schema.safeParse(value);
  const parsed = parse(value);
  expect(parsed.success).toBe(expected.success);
  expect(parsed.data).toStrictEqual(expected.data);
  expect(JSON.stringify(parsed.data)).toBe(JSON.stringify(expected.data));
  expect(parsed.error?.issues).toEqual(expected.error?.issues);
}

describe.each(schemas)('data of %s', (type, schema) => {
  const parse = parserOf(schema);
  const arbitrary: fc.Arbitrary<unknown> = dataOf[type];

  test('is parsed as by its schema, whatever is wrong with it', () => {
    fc.assert(
      fc.property(arbitrary, fc.array(damage, { maxLength: 2 }), (data, damages) => {
        expectSame(schema, parse, damages.reduce(damaged, data as unknown));
      }),
    );
  });

  test('is accepted without its schema where it is valid', () => {
    const safeParse = vi.spyOn(schema, 'safeParse');
    const valid = fc
      .sample(arbitrary, 50)
      .filter((data) => !Object.values(data as object).includes(undefined));
    for (const data of valid) expect(parse(data).success).toBe(true);
    expect(safeParse).not.toHaveBeenCalled();
    safeParse.mockRestore();
  });
});

test('other schemas are left to themselves', () => {
  const odd: readonly z.ZodType[] = [
    z.string().trim(),
    z.string().regex(/^a$/i),
    z.object({ a: z.string() }),
    z.looseObject({ a: z.string() }),
    z.coerce.number(),
    z.number().multipleOf(2),
    z.strictObject({
      a: z.string().default('x').nullable(),
      b: z.array(z.int()).default([1]),
      c: z.unknown(),
    }),
    z.strictObject({ a: z.string().transform((text) => text.length) }),
    z.record(z.string().min(2), z.unknown()),
    z.record(z.string(), z.int()),
    z.union([z.strictObject({ a: z.int().optional() }), z.array(z.string().optional())]),
    z.union([z.literal('a'), z.strictObject({ a: z.int() }), z.string(), z.array(z.int())]),
    z.array(z.int()).min(1).max(2),
    z.literal(['a', 1]),
    z.strictObject({ a: z.int().gt(1).lt(5) }).refine(({ a }) => a !== 3),
  ];
  const values = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.record(
      { a: fc.constantFrom('a', ' a ', 1, 2, 3, null), b: fc.constantFrom([], [1]) },
      { requiredKeys: [] },
    ),
    fc.constantFrom('a', ' a', 'A', 1, 2, '2', [], [1], [1, 2, 3], [undefined], {}, new Date(0)),
  );
  for (const schema of odd) {
    const parse = parserOf(schema);
    fc.assert(fc.property(values, (value) => expectSame(schema, parse, value)));
  }
});

test('the body of a request to publish', () => {
  const event = { type: 'LEVEL_UP', data: { playerId: 1 } };
  const cases: [unknown, boolean][] = [
    [event, true],
    [[event, { ...event, idempotencyKey: 'a' }], true],
    [[], false],
    [Array.from({ length: 1_001 }, () => event), false],
    [{ ...event, more: 1 }, false],
    [{ ...event, data: [] }, false],
    [{ ...event, idempotencyKey: '' }, false],
    [JSON.parse('{"type":"A","data":{"__proto__":1}}'), true],
    [null, false],
  ];
  for (const [body, valid] of cases) expect(parsePublishBody(body).success).toBe(valid);
  expect(parsePublishBody(event).data).toStrictEqual(event);
});
