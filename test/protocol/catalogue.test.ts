import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { MAX_DATA_BYTES, prepare } from '../../src/events/prepare.ts';
import { CATALOGUE } from '../../src/protocol/catalogue.ts';
import type { EventDefinition } from '../../src/protocol/definition.ts';
import { EVENT_TYPES, type EventType, eventName, isEventType } from '../../src/protocol/event.ts';
import { Problem } from '../../src/protocol/problem.ts';
import { anyText } from '../support/arbitrary.ts';
import { dataOf } from '../support/arbitrary-events.ts';

type Data = Record<string, unknown>;

const toPlayerAndAdmins = ({ playerId, contestId }: Data) => [
  `player:${playerId}`,
  ...(contestId === undefined ? [] : [`contest:${contestId}:hidden`]),
];

/** Where each type goes, said a second time and in the simplest words. */
const SCOPES: Record<EventType, (data: Data) => string[]> = {
  LEVEL_UP: ({ playerId }) => [`player:${playerId}`, 'global'],
  TIER_UPGRADE: ({ playerId }) => [`player:${playerId}`, 'global'],
  RANK_CHANGE: ({ playerId, contestId }) => [`player:${playerId}`, `contest:${contestId}`],
  ACHIEVEMENT: ({ playerId }) => [`player:${playerId}`, 'global'],
  PROBLEM_SOLVED: ({ playerId, problemId, contestId }) => [
    `player:${playerId}`,
    `problem:${problemId}`,
    ...(contestId === undefined ? [] : [`contest:${contestId}`]),
  ],
  SUBMISSION_RECEIVED: toPlayerAndAdmins,
  SUBMISSION_JUDGED: toPlayerAndAdmins,
  SUBMISSION_REJUDGED: toPlayerAndAdmins,
  SOLVE_RETRACTED: ({ playerId, problemId, contestId }) => [
    `player:${playerId}`,
    `problem:${problemId}`,
    ...(contestId === undefined ? [] : [`contest:${contestId}`]),
  ],
  XP_GAINED: ({ playerId }) => [`player:${playerId}`],
  CONTEST_STATUS: ({ contestId }) => [`contest:${contestId}`],
  CONTEST_END: ({ contestId }) => [`contest:${contestId}`],
  CONTEST_CREATED: () => ['global'],
  CONTEST_CHANGED: ({ contestId, changed, isPublic }) => [
    ...((changed as string[]).some((field) => field !== 'status') ? [`contest:${contestId}`] : []),
    ...(isPublic ? ['global'] : []),
  ],
  CONTEST_UNLISTED: () => ['global'],
  CONTEST_COUNTS: ({ contestId }) => [contestId === undefined ? 'global' : `contest:${contestId}`],
  CONTEST_RESULTS: ({ contestId }) => [`contest:${contestId}`],
  CONTEST_REVEAL: ({ contestId }) => [`contest:${contestId}:leaderboard`, `contest:${contestId}`],
  CONTEST_REVEAL_STEP: ({ contestId }) => [`contest:${contestId}:leaderboard`],
  LEADERBOARD_UPDATE: ({ contestId, real, shown }) => [
    `contest:${contestId}:leaderboard${real ? ':real' : shown ? ':shown' : ''}`,
  ],
  CELLS_UPDATE: ({ contestId, real }) => [`contest:${contestId}:cells${real ? ':real' : ''}`],
  LEADERBOARD_FREEZE: ({ contestId }) => [`contest:${contestId}:leaderboard`, `contest:${contestId}`],
  CONTEST_JOINED: ({ contestId }) => [`contest:${contestId}`],
  ANNOUNCEMENT: audienceOf,
  ANNOUNCEMENT_WITHDRAWN: audienceOf,
  GLOBAL_LEADERBOARD: () => ['global'],
  DIGEST: ({ contestId }) => [contestId === undefined ? 'global' : `contest:${contestId}`],
  PLAYER_STATUS: () => ['global'],
  NODE_STATUS: () => ['ops'],
  PADDING: () => ['ops'],
  ACCESS_CHANGED: () => ['ops'],
  RECEIPTS: ({ playerId }) => [`player:${playerId}`],
};

/** The types whose message stays in an inbox, and in the inbox of which scope. */
const INBOX: Partial<Record<EventType, RegExp>> = {
  LEVEL_UP: /^player:/,
  TIER_UPGRADE: /^player:/,
  RANK_CHANGE: /^player:/,
  ACHIEVEMENT: /^player:/,
  PROBLEM_SOLVED: /^player:/,
  SUBMISSION_REJUDGED: /^player:/,
  SOLVE_RETRACTED: /^player:/,
  CONTEST_STATUS: /^contest:/,
  CONTEST_END: /^contest:/,
  CONTEST_CHANGED: /^contest:/,
  CONTEST_RESULTS: /^contest:/,
  CONTEST_REVEAL: /^contest:[0-9]+$/,
  ANNOUNCEMENT: /./,
  ANNOUNCEMENT_WITHDRAWN: /./,
};

function audienceOf({ contestId, playerId, role }: Data): string[] {
  if (playerId !== undefined) return [`player:${playerId}`];
  if (contestId !== undefined) return [`contest:${contestId}`];
  const ofRoles: Record<string, string> = { PLAYER: 'players', ADMIN: 'admins', COMPANY: 'companies' };
  return [role === undefined ? 'global' : (ofRoles[String(role)] ?? 'none')];
}

/** Restrictions under which each type is published in another form. */
const RESTRICTED: Record<EventType, readonly ('frozen' | 'private')[]> = {
  LEVEL_UP: ['frozen'],
  TIER_UPGRADE: ['frozen'],
  RANK_CHANGE: ['frozen'],
  ACHIEVEMENT: ['frozen'],
  PROBLEM_SOLVED: ['frozen', 'private'],
  SUBMISSION_RECEIVED: [],
  SUBMISSION_JUDGED: [],
  SUBMISSION_REJUDGED: [],
  SOLVE_RETRACTED: ['frozen', 'private'],
  XP_GAINED: ['frozen'],
  CONTEST_STATUS: [],
  CONTEST_END: ['frozen'],
  CONTEST_CREATED: ['private'],
  CONTEST_CHANGED: ['private'],
  CONTEST_UNLISTED: [],
  CONTEST_COUNTS: [],
  CONTEST_RESULTS: ['frozen'],
  CONTEST_REVEAL: [],
  CONTEST_REVEAL_STEP: [],
  LEADERBOARD_UPDATE: [],
  CELLS_UPDATE: [],
  LEADERBOARD_FREEZE: [],
  CONTEST_JOINED: [],
  ANNOUNCEMENT: [],
  ANNOUNCEMENT_WITHDRAWN: [],
  GLOBAL_LEADERBOARD: [],
  DIGEST: [],
  PLAYER_STATUS: [],
  NODE_STATUS: [],
  PADDING: [],
  ACCESS_CHANGED: [],
  RECEIPTS: [],
};

/** The types that are lines of their players' histories. */
const IN_HISTORY: Record<EventType, boolean> = {
  LEVEL_UP: true,
  TIER_UPGRADE: true,
  RANK_CHANGE: true,
  ACHIEVEMENT: true,
  PROBLEM_SOLVED: true,
  SUBMISSION_RECEIVED: false,
  SUBMISSION_JUDGED: false,
  SUBMISSION_REJUDGED: false,
  SOLVE_RETRACTED: false,
  XP_GAINED: false,
  CONTEST_STATUS: false,
  CONTEST_END: false,
  CONTEST_CREATED: false,
  CONTEST_CHANGED: false,
  CONTEST_UNLISTED: false,
  CONTEST_COUNTS: false,
  CONTEST_RESULTS: false,
  CONTEST_REVEAL: false,
  CONTEST_REVEAL_STEP: false,
  LEADERBOARD_UPDATE: false,
  CELLS_UPDATE: false,
  LEADERBOARD_FREEZE: false,
  CONTEST_JOINED: true,
  ANNOUNCEMENT: false,
  ANNOUNCEMENT_WITHDRAWN: false,
  GLOBAL_LEADERBOARD: false,
  DIGEST: false,
  PLAYER_STATUS: false,
  NODE_STATUS: false,
  PADDING: false,
  ACCESS_CHANGED: false,
  RECEIPTS: false,
};

function problemOf(work: () => unknown): Problem {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('no problem was thrown');
}

describe.each(EVENT_TYPES)('%s', (type) => {
  const arbitrary = dataOf[type] as fc.Arbitrary<Data>;
  const make = (data: unknown) => prepare(type, data, { internal: true });

  test('is generated with every field, each of them with several values', () => {
    expect(unvaried(CATALOGUE[type].schema, fc.sample(arbitrary, 300))).toEqual([]);
  });

  test('goes to exactly its scopes, and into exactly its inboxes', () => {
    fc.assert(
      fc.property(arbitrary, (data) => {
        const draft = make(data);
        expect(draft.rows.map((row) => row.scope)).toEqual(SCOPES[type](data));
        for (const row of draft.rows) expect(row.inbox).toBe(INBOX[type]?.test(row.scope) ?? false);
      }),
    );
  });

  test('is redacted and kept in histories as declared here', () => {
    const { redact = {}, activity } = CATALOGUE[type] as unknown as EventDefinition<z.ZodType>;
    expect(Object.keys(redact).sort()).toEqual(RESTRICTED[type]);
    expect(activity !== undefined).toBe(IN_HISTORY[type]);
  });

  test('arrives with the data it was published with', () => {
    fc.assert(
      fc.property(arbitrary, (data) => {
        const { severity, ...rest } = JSON.parse(make(data).data) as Data;
        // It identifies the event to its publisher alone, and counts what other players do.
        const { severity: given, ledgerId: _, ...expected } = JSON.parse(JSON.stringify(data)) as Data;
        expect(rest).toEqual(expected);
        if (type === 'ANNOUNCEMENT') expect(severity).toBe(given ?? 'INFO');
      }),
    );
  });

  test('says something that fits its columns and survives them', () => {
    fc.assert(
      fc.property(arbitrary, (data) => {
        for (const { title, message } of make(data).rows) {
          expect(title).not.toBe('');
          expect(message).not.toBe('');
          expect(title.length).toBeLessThanOrEqual(255);
          expect(Buffer.byteLength(message)).toBeLessThanOrEqual(65_535);
          expect(title.isWellFormed() && message.isWellFormed()).toBe(true);
          expect(`${title} ${message}`).not.toMatch(/undefined|null|NaN|\[object/);
        }
      }),
    );
  });

  const hasTexts = fc.sample(arbitrary, 100).some((data) => breakTexts(data).broken);
  test.runIf(hasTexts)('lets no half of a surrogate pair into the log', () => {
    fc.assert(
      fc.property(arbitrary, (data) => {
        const { broken, value } = breakTexts(data);
        fc.pre(broken);
        expect(problemOf(() => make(value)).code).toBe('invalid-event');
      }),
    );
  });

  test('names each field that is missing', () => {
    const samples = fc.sample(arbitrary, 100);
    const always = [...fields(type)].filter((key) => samples.every((data) => Object.hasOwn(data, key)));
    const errors = problemOf(() => make({})).options.errors ?? [];
    expect(errors.map((error) => error.pointer).sort()).toEqual(always.map((key) => `/data/${key}`).sort());
  });

  test('names the field that is wrong', () => {
    for (const key of fields(type))
      fc.assert(
        fc.property(
          arbitrary,
          fc.constantFrom<unknown>({}, true, -1, 0.5, Number.NaN, '\ud800'),
          (data, value) => {
            fc.pre(
              !(
                value === true &&
                [
                  'truncated',
                  'frozen',
                  'real',
                  'shown',
                  'isPublic',
                  'first',
                  'correction',
                  'settled',
                  'finished',
                ].includes(key)
              ) &&
                !(typeof value === 'object' && ['counts', 'latency', 'tests', 'next', 'row'].includes(key)) &&
                !(value === -1 && type === 'XP_GAINED' && key === 'xp'),
            );
            const { code, status, options } = problemOf(() => make({ ...data, [key]: value }));
            expect([code, status]).toEqual(['invalid-event', 422]);
            expect(options.errors).toContainEqual({
              pointer: `/data/${key}`,
              detail: expect.stringMatching(/./),
            });
          },
        ),
        { numRuns: 20 },
      );
  });

  test('names a field that it does not have', () => {
    const key = fc.oneof(
      anyText(20),
      fc.constantFrom('__proto__', 'constructor', 'a/b', 'm~n', '~1', '', 'PlayerId'),
    );
    fc.assert(
      fc.property(arbitrary, key, (data, key) => {
        fc.pre(!fields(type).has(key));
        const body = JSON.parse(`{${JSON.stringify(key)}:1,${JSON.stringify(data).slice(1)}`);
        expect(problemOf(() => make(body)).options.errors).toEqual([
          {
            pointer: `/data/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
            detail: expect.stringContaining('not a field'),
          },
        ]);
      }),
    );
  });

  test.each([undefined, null, 1, 'text', [[]], true])('is not made from %j', (data) => {
    expect(problemOf(() => make(data)).options.errors).toEqual([
      { pointer: '/data', detail: expect.stringMatching(/./) },
    ]);
  });
});

test('a wrong field deep inside is named with its whole path', () => {
  const standing = { playerId: 1, playerName: 'Ada', rank: 0, xp: 1 };
  const top = [{ ...standing, rank: 1 }, standing];
  const { options } = problemOf(() =>
    prepare('GLOBAL_LEADERBOARD', { version: 1, top }, { at: '/events/3', internal: true }),
  );
  expect(options.errors).toEqual([
    { pointer: '/events/3/data/top/1/rank', detail: expect.stringMatching(/./) },
  ]);
});

test('an announcement to a contest and to a player at once is refused', () => {
  const data = { title: 'Hello', message: 'World', contestId: 1, playerId: 2 };
  expect(problemOf(() => prepare('ANNOUNCEMENT', data)).options.errors).toMatchObject([
    { pointer: '/data/playerId' },
  ]);
});

test.each([
  '',
  'level_up',
  'LEVEL_UP ',
  'level-up',
  'NOPE',
  '__proto__',
  'constructor',
  'toString',
  ...EVENT_TYPES.filter((type) => CATALOGUE[type].internal),
])('%j is not a type that a client may publish', (type) => {
  expect(problemOf(() => prepare(type, {}, { at: '/0' })).options.errors).toMatchObject([
    { pointer: '/0/type' },
  ]);
});

test('data beyond its bound is refused, and data at its bound is not', () => {
  const standing = (playerId: number, bytes: number) => ({
    playerId,
    playerName: 'x',
    picture: 'p'.repeat(bytes),
    tier: null,
    mode: null,
    rank: 1,
    finalRating: 1,
    problemsSolved: 0,
    penaltyMins: 0,
    lastSolvedAt: null,
  });
  const update = (changed: unknown[]) => ({
    contestId: 1,
    previous: 0,
    version: 1,
    total: 1,
    changed,
    removed: [],
    shifts: [],
  });
  const make = (data: unknown) => prepare('LEADERBOARD_UPDATE', data, { internal: true });
  const size = (data: unknown) => Buffer.byteLength(JSON.stringify(data));
  const fit = Math.floor((MAX_DATA_BYTES - 600) / size(standing(100, 1_025)));
  const many = Array.from({ length: fit }, (_, i) => standing(i + 1, 1_024));
  const room = MAX_DATA_BYTES - size(update([...many, standing(1, 0)]));
  const fitting = update([...many, standing(1, room)]);
  expect(size(fitting)).toBe(MAX_DATA_BYTES);
  expect(make(fitting).rows).toHaveLength(1);
  expect(problemOf(() => make(update([...many, standing(1, room + 1)]))).options.errors).toEqual([
    { pointer: '/data', detail: expect.stringContaining('larger') },
  ]);
});

test('types have distinct SSE names, and nothing else is a type', () => {
  expect(new Set(EVENT_TYPES.map(eventName)).size).toBe(EVENT_TYPES.length);
  expect(eventName('LEADERBOARD_UPDATE')).toBe('leaderboard-update');
  fc.assert(
    fc.property(
      anyText(),
      (text) => void expect(isEventType(text)).toBe((EVENT_TYPES as string[]).includes(text)),
    ),
  );
  for (const text of ['__proto__', 'constructor', 'hasOwnProperty']) expect(isEventType(text)).toBe(false);
});

test('a player is addressed in the second person, and others read the third', () => {
  const { rows } = prepare('RANK_CHANGE', {
    playerId: 7,
    playerName: 'Ada',
    contestId: 3,
    contestTitle: 'Autumn Cup',
    oldRank: 12,
    newRank: 3,
  });
  expect(rows.map((row) => row.message)).toEqual([
    'You moved up from 12th to 3rd in Autumn Cup',
    'Ada moved up from 12th to 3rd in Autumn Cup',
  ]);
});

function fields(type: EventType): Set<string> {
  return new Set(Object.keys((CATALOGUE[type].schema as z.ZodObject).shape));
}

/** Parts of a schema, as paths, of which the values have too little: an enumeration all its values, any other part two. */
function unvaried(schema: z.ZodType, values: readonly unknown[], path = ''): string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable) {
    const empty = schema instanceof z.ZodNullable ? null : undefined;
    return [
      ...(values.includes(empty) ? [] : [`${path} is never ${empty}`]),
      ...unvaried(
        schema.unwrap() as z.ZodType,
        values.filter((value) => value !== empty),
        path,
      ),
    ];
  }
  if (schema instanceof z.ZodObject)
    return Object.entries(schema.shape).flatMap(([key, part]) =>
      unvaried(
        part as z.ZodType,
        values.map((value) => (value as Data)[key]),
        `${path}/${key}`,
      ),
    );
  if (schema instanceof z.ZodArray) return unvaried(schema.element as z.ZodType, values.flat(), `${path}/…`);
  const needed = schema instanceof z.ZodEnum ? schema.options.length : 2;
  return new Set(values).size < needed ? [`${path} has too few values`] : [];
}

/** Ends every text with half of a surrogate pair. */
function breakTexts(data: Data): { broken: boolean; value: Data } {
  let broken = false;
  const json = JSON.stringify(data, (_key, value) => {
    if (typeof value !== 'string') return value;
    broken = true;
    return `${value.slice(0, -1)}\ud800`;
  });
  return { broken, value: JSON.parse(json) };
}
