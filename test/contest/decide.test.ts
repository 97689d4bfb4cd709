import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Announced,
  type Announcement,
  type ContestTimes,
  statusOf,
} from '../../src/contest/announced.ts';
import { decide, END_GRACE_MS, LONG_PAST_MS } from '../../src/contest/decide.ts';
import { hear } from '../../src/contest/report.ts';
import type { ContestStatus } from '../../src/platform/contests.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = 1_800_000_000_000;
const END = START + 2 * HOUR;

/** A contest as its admin and its clock see it, and everything that was told of it. */
class Course {
  contest: ContestTimes;
  announced: Announced | undefined;
  readonly told: string[] = [];

  constructor(contest: Partial<ContestTimes> = {}) {
    this.contest = { status: 'UPCOMING', startsAt: START, endsAt: END, ...contest };
  }

  look(now: number): this {
    const { announcements, next } = decide(this.contest, this.announced, now);
    this.told.push(...announcements.map(wordOf));
    this.announced = next;
    return this;
  }

  set(contest: Partial<ContestTimes>): this {
    this.contest = { ...this.contest, ...contest };
    return this;
  }

  /** Somebody tells of it under the name of what happened. */
  hears(word: ContestStatus | 'END', now: number): this {
    const saying =
      word === 'END'
        ? { type: 'CONTEST_END' as const }
        : { type: 'CONTEST_STATUS' as const, newStatus: word };
    const { repeat, before, next } = hear(saying, this.contest, this.announced, now);
    if (repeat) return this;
    this.told.push(...before.map(wordOf), word);
    this.announced = next;
    return this;
  }

  /** What was told since this was asked last. */
  news(): string[] {
    return this.told.splice(0);
  }
}

const wordOf = (one: Announcement) => (one.type === 'CONTEST_END' ? 'END' : one.newStatus);

describe('The clock', () => {
  test('tells of the start and of the end when they come, and of nothing else', () => {
    const course = new Course();
    for (let now = START - HOUR; now < END + 3 * HOUR; now += 7 * MINUTE) course.look(now);
    expect(course.told).toEqual(['LIVE', 'ENDED', 'END']);
    const exact = new Course().look(START - HOUR);
    expect(exact.look(START - 1).news()).toEqual([]);
    expect(exact.look(START).news()).toEqual(['LIVE']);
    expect(exact.look(END - 1).news()).toEqual([]);
    expect(exact.look(END).news()).toEqual(['ENDED', 'END']);
  });

  test('tells whoever listens what the contest was before', () => {
    const first = decide(new Course().contest, undefined, START);
    expect(first.announcements).toEqual([
      { type: 'CONTEST_STATUS', oldStatus: 'UPCOMING', newStatus: 'LIVE' },
    ]);
  });

  test('tells of what it slept through, in order', () => {
    expect(new Course().look(START - HOUR).look(END + HOUR).told).toEqual(['LIVE', 'ENDED', 'END']);
    expect(new Course().look(START + HOUR).look(END + HOUR).told).toEqual(['LIVE', 'ENDED', 'END']);
  });

  test('does not begin or end what is a draft or cancelled', () => {
    for (const status of ['DRAFT', 'CANCELLED'] as const)
      expect(
        new Course({ status })
          .look(START - 1)
          .look(START)
          .look(END).told,
      ).toEqual([]);
    const published = new Course({ status: 'DRAFT' }).look(START + MINUTE).set({ status: 'UPCOMING' });
    expect(published.look(START + 2 * MINUTE).told).toEqual(['UPCOMING', 'LIVE']);
    const cancelled = new Course()
      .look(START)
      .set({ status: 'CANCELLED' })
      .look(START + 1)
      .look(END);
    expect(cancelled.told).toEqual(['LIVE', 'CANCELLED']);
  });

  test('leaves alone a contest without dates', () => {
    expect(new Course({ startsAt: null, endsAt: null }).look(START).look(END).told).toEqual([]);
  });
});

describe('A contest that is seen for the first time', () => {
  test('is no news where its status says already what it is, or where it is long past', () => {
    expect(new Course({ status: 'LIVE' }).look(START + HOUR).told).toEqual([]);
    expect(new Course({ status: 'ENDED' }).look(END + HOUR).told).toEqual([]);
    for (const status of ['UPCOMING', 'LIVE', 'ENDED', 'CANCELLED', 'DRAFT'] as const) {
      const old = new Course({ status }).look(END + LONG_PAST_MS + 1).look(END + 2 * LONG_PAST_MS);
      expect(old.told).toEqual([]);
    }
    expect(new Course({ endsAt: START + 9 * LONG_PAST_MS }).look(START + LONG_PAST_MS + 1).told).toEqual([]);
  });

  test('is news where the clock has struck within a day', () => {
    expect(new Course({ status: 'LIVE' }).look(END + HOUR).told).toEqual(['ENDED', 'END']);
    expect(new Course().look(END + LONG_PAST_MS).told).toEqual(['ENDED', 'END']);
  });

  test('is ended by hand as any other', () => {
    const course = new Course({ status: 'LIVE' }).look(START + HOUR).set({ status: 'ENDED' });
    expect(course.look(START + HOUR + 1).look(END).told).toEqual(['ENDED', 'END']);
  });
});

describe('The end of a contest that players were told is live', () => {
  test('is told however late', () => {
    const course = new Course().look(START - 1).look(START);
    expect(course.look(END + 30 * LONG_PAST_MS).told).toEqual(['LIVE', 'ENDED', 'END']);
    const byHand = new Course()
      .look(START - 1)
      .look(START)
      .set({ status: 'ENDED' });
    expect(byHand.look(END + 30 * LONG_PAST_MS).told).toEqual(['LIVE', 'ENDED', 'END']);
  });
});

describe('A status that is set by hand', () => {
  test('before the clock strikes is told at once, and not again when it strikes', () => {
    const course = new Course().look(START - HOUR).set({ status: 'LIVE' });
    expect(course.look(START - HOUR + 1).news()).toEqual(['LIVE']);
    expect(
      course
        .look(START)
        .look(START + MINUTE)
        .news(),
    ).toEqual([]);
    course.set({ status: 'ENDED' });
    expect(course.look(END - HOUR).news()).toEqual(['ENDED', 'END']);
    expect(
      course
        .look(END)
        .look(END + MINUTE)
        .news(),
    ).toEqual([]);
  });

  test('after the clock has struck is no news', () => {
    const course = new Course().look(START - 1).look(START);
    course
      .set({ status: 'LIVE' })
      .look(START + MINUTE)
      .look(END);
    course
      .set({ status: 'ENDED' })
      .look(END + MINUTE)
      .look(END + HOUR);
    expect(course.told).toEqual(['LIVE', 'ENDED', 'END']);
  });

  test('opens a contest again that was over, until it ends again', () => {
    const early = new Course({ status: 'LIVE' })
      .look(START + 1)
      .set({ status: 'ENDED' })
      .look(START + 2);
    expect(early.news()).toEqual(['ENDED', 'END']);
    expect(
      early
        .set({ status: 'LIVE' })
        .look(START + 3)
        .news(),
    ).toEqual(['LIVE']);
    expect(early.look(END).news()).toEqual(['ENDED', 'END']);

    const late = new Course()
      .look(START)
      .look(END)
      .set({ status: 'ENDED' })
      .look(END + 1);
    late.news();
    expect(
      late
        .set({ status: 'LIVE' })
        .look(END + 2)
        .look(END + HOUR)
        .news(),
    ).toEqual(['LIVE']);
    expect(
      late
        .set({ status: 'ENDED' })
        .look(END + 2 * HOUR)
        .news(),
    ).toEqual(['ENDED', 'END']);
  });

  test('opens a contest again whose end passed while nobody looked, and leaves it open', () => {
    const course = new Course({ status: 'LIVE' })
      .look(START + 1)
      .set({ status: 'ENDED' })
      .look(START + 2);
    course.news();
    expect(
      course
        .set({ status: 'LIVE' })
        .look(END + HOUR)
        .look(END + 2 * HOUR)
        .news(),
    ).toEqual(['LIVE']);
    expect(
      course
        .set({ endsAt: END + 3 * HOUR })
        .look(END + 3 * HOUR)
        .news(),
    ).toEqual(['ENDED', 'END']);
  });

  test('back to what it was before the start stays so, though the start has passed', () => {
    const course = new Course()
      .look(START - 1)
      .look(START)
      .set({ status: 'LIVE' })
      .look(START + 1);
    course.set({ status: 'UPCOMING' });
    expect(course.look(START + 2).look(START + HOUR).told).toEqual(['LIVE', 'UPCOMING']);
  });
});

describe('A start or an end that is moved', () => {
  test('is waited for anew', () => {
    const course = new Course().look(START - HOUR);
    expect(
      course
        .set({ startsAt: START + MINUTE })
        .look(START)
        .news(),
    ).toEqual([]);
    expect(
      course
        .set({ startsAt: START - MINUTE })
        .look(START)
        .news(),
    ).toEqual(['LIVE']);
    expect(
      course
        .set({ endsAt: END + HOUR })
        .look(END)
        .news(),
    ).toEqual([]);
    expect(
      course
        .set({ endsAt: END - HOUR })
        .look(END)
        .news(),
    ).toEqual(['ENDED', 'END']);
  });

  test('takes back what the clock alone had told', () => {
    const course = new Course().look(START - 1).look(START);
    expect(
      course
        .set({ startsAt: START + HOUR })
        .look(START + 1)
        .news(),
    ).toEqual(['LIVE', 'UPCOMING']);
    expect(course.look(START + HOUR).news()).toEqual(['LIVE']);
    course.look(END).news();
    expect(
      course
        .set({ endsAt: END + HOUR })
        .look(END + 1)
        .news(),
    ).toEqual(['LIVE']);
    expect(course.look(END + HOUR).news()).toEqual(['ENDED', 'END']);
  });

  test('takes back nothing that stands in the platform', () => {
    const course = new Course()
      .look(START)
      .set({ status: 'LIVE' })
      .look(START + 1);
    expect(
      course
        .set({ startsAt: START + HOUR })
        .look(START + 2)
        .look(START + HOUR).told,
    ).toEqual(['LIVE']);
    course.set({ status: 'ENDED' }).look(START + HOUR + 1);
    course.news();
    expect(
      course
        .set({ endsAt: END + HOUR })
        .look(END + 1)
        .look(END + HOUR)
        .news(),
    ).toEqual([]);
  });
});

describe('What others tell', () => {
  test('of a contest is not told again by the clock, nor by them', () => {
    const course = new Course()
      .look(START - HOUR)
      .hears('LIVE', START - MINUTE)
      .look(START)
      .hears('LIVE', START);
    expect(
      course
        .set({ status: 'LIVE' })
        .look(START + 1)
        .news(),
    ).toEqual(['LIVE']);
    course
      .hears('ENDED', END - 2)
      .hears('END', END - 1)
      .look(END)
      .set({ status: 'ENDED' })
      .look(END + 1);
    expect(course.hears('END', END + 2).news()).toEqual(['ENDED', 'END']);
  });

  test('is the end only, so the status comes with it', () => {
    const course = new Course({ status: 'LIVE' }).look(START + 1).hears('END', END - HOUR);
    expect(course.hears('ENDED', END - HOUR).look(END).told).toEqual(['ENDED', 'END']);
  });

  test('is the status only, so the end follows in time', () => {
    const course = new Course({ status: 'LIVE' }).look(START + 1).hears('ENDED', END - HOUR);
    expect(course.look(END - HOUR + END_GRACE_MS - 1).told).toEqual(['ENDED']);
    expect(course.look(END - HOUR + END_GRACE_MS).look(END).told).toEqual(['ENDED', 'END']);
  });

  test('opens it again, and an end that has passed does not close it', () => {
    const course = new Course({ status: 'LIVE' })
      .look(START)
      .look(END)
      .hears('LIVE', END + 1);
    course.set({ status: 'ENDED' });
    course.told.length = 0;
    expect(course.look(END + HOUR).news()).toEqual(['ENDED', 'END']);
    course.hears('LIVE', END + 2 * HOUR).set({ status: 'LIVE' });
    expect(course.look(END + 3 * HOUR).news()).toEqual(['LIVE']);
  });
});

const STATUSES = ['DRAFT', 'UPCOMING', 'LIVE', 'ENDED', 'CANCELLED'] as const;
const moment = fc.integer({ min: -4 * HOUR, max: 8 * HOUR }).map((ms) => START + ms);
const contestOf = fc.record({
  status: fc.constantFrom(...STATUSES),
  startsAt: fc.option(moment, { freq: 10 }),
  endsAt: fc.option(moment, { freq: 10 }),
});
const step = fc.record({
  /** Looks often, or sleeps for hours or days. */
  after: fc.oneof(fc.integer({ min: 0, max: 20 * MINUTE }), fc.integer({ min: 0, max: 3 * LONG_PAST_MS })),
  set: fc.oneof(
    { weight: 3, arbitrary: fc.constant({}) },
    { weight: 2, arbitrary: fc.record({ status: fc.constantFrom(...STATUSES) }) },
    { weight: 1, arbitrary: contestOf },
  ),
  hears: fc.option(fc.constantFrom(...STATUSES, 'END' as const), { freq: 3 }),
});

/** Nothing is told twice in a row, and each time it is over its end is told once, after that. */
function expectSound(told: readonly string[]): void {
  const statuses = told.filter((word) => word !== 'END');
  for (const [index, status] of statuses.entries())
    if (index > 0) expect(status).not.toBe(statuses[index - 1]);
  for (const [index, word] of told.entries()) if (word === 'END') expect(told[index - 1]).toBe('ENDED');
}

describe('Whatever happens, and however seldom anybody looks', () => {
  test('nothing is told twice, and a second look finds nothing', () => {
    fc.assert(
      fc.property(contestOf, moment, fc.array(step, { maxLength: 25 }), (contest, begin, steps) => {
        const course = new Course(contest).look(begin);
        let now = begin;
        for (const { after, set, hears } of steps) {
          now += after;
          course.set(set);
          if (hears) course.hears(hears, now);
          const before = course.look(now).told.length;
          const known = course.announced;
          course.look(now);
          expect(course.told.length).toBe(before);
          expect(course.announced).toEqual(known);
        }
        expectSound(course.told);
      }),
      { numRuns: 2_000 },
    );
  });

  test('a contest that nobody touches is told to begin and to end once', () => {
    const looks = fc.array(fc.integer({ min: -4 * HOUR, max: 20 * HOUR }), { maxLength: 40 });
    fc.assert(
      fc.property(looks, (offsets) => {
        const course = new Course().look(START - 5 * HOUR);
        for (const offset of offsets.toSorted((a, b) => a - b)) course.look(START + offset);
        course.look(START + 21 * HOUR);
        expect(course.told).toEqual(['LIVE', 'ENDED', 'END']);
      }),
    );
  });

  test('what was told last is what happened last, where somebody looks each time', () => {
    const happening = fc.oneof(
      fc.record({ status: fc.constantFrom('UPCOMING' as const, 'LIVE' as const, 'ENDED' as const) }),
      fc.constant({}),
    );
    const days = fc.array(fc.tuple(fc.integer({ min: 1, max: HOUR }), happening), { maxLength: 30 });
    fc.assert(
      fc.property(days, (happenings) => {
        const course = new Course().look(START - 5 * HOUR);
        let last: ContestStatus = 'UPCOMING';
        let now = START - 5 * HOUR;
        for (const [after, set] of happenings) {
          const [from, to] = [now, now + after];
          // The strikes come first, each at its own moment: somebody looks then.
          for (const [at, status] of [[START, 'LIVE'] as const, [END, 'ENDED'] as const])
            if (from < at && at <= to) {
              course.look(at);
              if (last === 'UPCOMING' || (last === 'LIVE' && status === 'ENDED')) last = status;
            }
          now = to;
          if ('status' in set && set.status !== course.contest.status) last = set.status;
          course.set(set).look(now);
          expect(statusOf((course.announced as Announced).status)).toBe(last);
        }
        expectSound(course.told);
      }),
      { numRuns: 1_000 },
    );
  });
});
