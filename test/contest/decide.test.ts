import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AnnouncedState,
  type Announcement,
  type ContestRow,
  statusOf,
} from '../../src/contest/announced-state.ts';
import { decide, END_GRACE_MS, LONG_PAST_MS } from '../../src/contest/decide.ts';
import { applyReport, type ContestReport } from '../../src/contest/report.ts';
import type { ContestStatus } from '../../src/protocol/enums.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = 1_800_000_000_000;
const END = START + 2 * HOUR;

/** A contest with everything that is announced of it: `LIVE`, `ENDED`, `END`, … */
class LifeCycle {
  contest: ContestRow;
  state: AnnouncedState | undefined;
  readonly announced: string[] = [];

  constructor(contest: Partial<ContestRow> = {}) {
    this.contest = { status: 'UPCOMING', startsAt: START, endsAt: END, ...contest };
  }

  poll(now: number): this {
    const { announcements, next } = decide(this.contest, this.state, now);
    this.announced.push(...announcements.map(wordOf));
    this.state = next;
    return this;
  }

  set(contest: Partial<ContestRow>): this {
    this.contest = { ...this.contest, ...contest };
    return this;
  }

  /** Another publisher reports a status or the end, under its natural key. */
  report(word: ContestStatus | 'END', now: number): this {
    const report: ContestReport =
      word === 'END' ? { type: 'CONTEST_END' } : { type: 'CONTEST_STATUS', newStatus: word };
    const { repeat, before, next } = applyReport(report, this.contest, this.state, now);
    if (repeat) return this;
    this.announced.push(...before.map(wordOf), word);
    this.state = next;
    return this;
  }

  /** Announcements since the last call. */
  news(): string[] {
    return this.announced.splice(0);
  }
}

const wordOf = (one: Announcement) => (one.type === 'CONTEST_END' ? 'END' : one.newStatus);

describe('The contest clock', () => {
  test('keeps a reported status while it has not polled the contest: that is no manual change', () => {
    const reported = {
      status: 'LIVE',
      platformStatus: null,
      version: 1,
      startsAt: null,
      endsAt: null,
    } as const;
    const contest = { status: 'UPCOMING', startsAt: START, endsAt: END } as const;
    const { announcements, next } = decide(
      contest,
      { ...reported, announcedAt: START - HOUR },
      START - MINUTE,
    );
    expect([announcements, next.status]).toEqual([[], 'LIVE']);
  });

  test('announces a manual start whose time is set far back', () => {
    const lifeCycle = new LifeCycle().poll(START - HOUR);
    lifeCycle.set({ status: 'LIVE', startsAt: START - 2 * LONG_PAST_MS }).poll(START);
    expect(lifeCycle.news()).toEqual(['LIVE']);
  });

  test('records a contest whose end is long past as over, without an announcement', () => {
    const lifeCycle = new LifeCycle().poll(END + 2 * LONG_PAST_MS);
    expect([lifeCycle.news(), lifeCycle.state?.status]).toEqual([[], 'OVER']);
  });

  test('does not announce the end of a cancelled contest that is set to ended long after it', () => {
    const lifeCycle = new LifeCycle({ status: 'CANCELLED' }).poll(END + 2 * LONG_PAST_MS);
    lifeCycle.set({ status: 'ENDED' }).poll(END + 2 * LONG_PAST_MS + MINUTE);
    expect([lifeCycle.news(), lifeCycle.state?.status]).toEqual([[], 'OVER']);
  });

  test('announces the start and the end when they pass, and nothing else', () => {
    const lifeCycle = new LifeCycle();
    for (let now = START - HOUR; now < END + 3 * HOUR; now += 7 * MINUTE) lifeCycle.poll(now);
    expect(lifeCycle.announced).toEqual(['LIVE', 'ENDED', 'END']);
    const exact = new LifeCycle().poll(START - HOUR);
    expect(exact.poll(START - 1).news()).toEqual([]);
    expect(exact.poll(START).news()).toEqual(['LIVE']);
    expect(exact.poll(END - 1).news()).toEqual([]);
    expect(exact.poll(END).news()).toEqual(['ENDED', 'END']);
  });

  test('names the status before the transition', () => {
    const first = decide(new LifeCycle().contest, undefined, START);
    expect(first.announcements).toEqual([
      { type: 'CONTEST_STATUS', oldStatus: 'UPCOMING', newStatus: 'LIVE' },
    ]);
  });

  test('announces what passed between two polls, in order', () => {
    expect(new LifeCycle().poll(START - HOUR).poll(END + HOUR).announced).toEqual(['LIVE', 'ENDED', 'END']);
    expect(new LifeCycle().poll(START + HOUR).poll(END + HOUR).announced).toEqual(['LIVE', 'ENDED', 'END']);
  });

  test('neither starts nor ends a contest that is a draft or cancelled', () => {
    for (const status of ['DRAFT', 'CANCELLED'] as const)
      expect(
        new LifeCycle({ status })
          .poll(START - 1)
          .poll(START)
          .poll(END).announced,
      ).toEqual([]);
    const published = new LifeCycle({ status: 'DRAFT' }).poll(START + MINUTE).set({ status: 'UPCOMING' });
    expect(published.poll(START + 2 * MINUTE).announced).toEqual(['UPCOMING', 'LIVE']);
    const cancelled = new LifeCycle()
      .poll(START)
      .set({ status: 'CANCELLED' })
      .poll(START + 1)
      .poll(END);
    expect(cancelled.announced).toEqual(['LIVE', 'CANCELLED']);
  });

  test('announces nothing of a contest without dates', () => {
    expect(new LifeCycle({ startsAt: null, endsAt: null }).poll(START).poll(END).announced).toEqual([]);
  });
});

describe('A contest that is seen for the first time', () => {
  test('is not announced with its present status, nor when it is long past', () => {
    expect(new LifeCycle({ status: 'LIVE' }).poll(START + HOUR).announced).toEqual([]);
    expect(new LifeCycle({ status: 'ENDED' }).poll(END + HOUR).announced).toEqual([]);
    for (const status of ['UPCOMING', 'LIVE', 'ENDED', 'CANCELLED', 'DRAFT'] as const) {
      const old = new LifeCycle({ status }).poll(END + LONG_PAST_MS + 1).poll(END + 2 * LONG_PAST_MS);
      expect(old.announced).toEqual([]);
    }
    expect(
      new LifeCycle({ endsAt: START + 9 * LONG_PAST_MS }).poll(START + LONG_PAST_MS + 1).announced,
    ).toEqual([]);
  });

  test('is announced when its end has passed within a day', () => {
    expect(new LifeCycle({ status: 'LIVE' }).poll(END + HOUR).announced).toEqual(['ENDED', 'END']);
    expect(new LifeCycle().poll(END + LONG_PAST_MS).announced).toEqual(['ENDED', 'END']);
  });

  test('is ended by hand as any other contest', () => {
    const lifeCycle = new LifeCycle({ status: 'LIVE' }).poll(START + HOUR).set({ status: 'ENDED' });
    expect(lifeCycle.poll(START + HOUR + 1).poll(END).announced).toEqual(['ENDED', 'END']);
  });
});

describe('The end of a contest that was announced as live', () => {
  test('is announced however late', () => {
    const lifeCycle = new LifeCycle().poll(START - 1).poll(START);
    expect(lifeCycle.poll(END + 30 * LONG_PAST_MS).announced).toEqual(['LIVE', 'ENDED', 'END']);
    const byHand = new LifeCycle()
      .poll(START - 1)
      .poll(START)
      .set({ status: 'ENDED' });
    expect(byHand.poll(END + 30 * LONG_PAST_MS).announced).toEqual(['LIVE', 'ENDED', 'END']);
  });
});

describe('A status that is set by hand', () => {
  test('before the start or end is announced at once, and not again when that passes', () => {
    const lifeCycle = new LifeCycle().poll(START - HOUR).set({ status: 'LIVE' });
    expect(lifeCycle.poll(START - HOUR + 1).news()).toEqual(['LIVE']);
    expect(
      lifeCycle
        .poll(START)
        .poll(START + MINUTE)
        .news(),
    ).toEqual([]);
    lifeCycle.set({ status: 'ENDED' });
    expect(lifeCycle.poll(END - HOUR).news()).toEqual(['ENDED', 'END']);
    expect(
      lifeCycle
        .poll(END)
        .poll(END + MINUTE)
        .news(),
    ).toEqual([]);
  });

  test('after the start or end has passed is not announced again', () => {
    const lifeCycle = new LifeCycle().poll(START - 1).poll(START);
    lifeCycle
      .set({ status: 'LIVE' })
      .poll(START + MINUTE)
      .poll(END);
    lifeCycle
      .set({ status: 'ENDED' })
      .poll(END + MINUTE)
      .poll(END + HOUR);
    expect(lifeCycle.announced).toEqual(['LIVE', 'ENDED', 'END']);
  });

  test('reopens a contest that was over, until it ends again', () => {
    const early = new LifeCycle({ status: 'LIVE' })
      .poll(START + 1)
      .set({ status: 'ENDED' })
      .poll(START + 2);
    expect(early.news()).toEqual(['ENDED', 'END']);
    expect(
      early
        .set({ status: 'LIVE' })
        .poll(START + 3)
        .news(),
    ).toEqual(['LIVE']);
    expect(early.poll(END).news()).toEqual(['ENDED', 'END']);

    const late = new LifeCycle()
      .poll(START)
      .poll(END)
      .set({ status: 'ENDED' })
      .poll(END + 1);
    late.news();
    expect(
      late
        .set({ status: 'LIVE' })
        .poll(END + 2)
        .poll(END + HOUR)
        .news(),
    ).toEqual(['LIVE']);
    expect(
      late
        .set({ status: 'ENDED' })
        .poll(END + 2 * HOUR)
        .news(),
    ).toEqual(['ENDED', 'END']);
  });

  test('reopens a contest whose end passed between two polls, and leaves it open', () => {
    const lifeCycle = new LifeCycle({ status: 'LIVE' })
      .poll(START + 1)
      .set({ status: 'ENDED' })
      .poll(START + 2);
    lifeCycle.news();
    expect(
      lifeCycle
        .set({ status: 'LIVE' })
        .poll(END + HOUR)
        .poll(END + 2 * HOUR)
        .news(),
    ).toEqual(['LIVE']);
    expect(
      lifeCycle
        .set({ endsAt: END + 3 * HOUR })
        .poll(END + 3 * HOUR)
        .news(),
    ).toEqual(['ENDED', 'END']);
  });

  test('back to UPCOMING stays so, though the start has passed', () => {
    const lifeCycle = new LifeCycle()
      .poll(START - 1)
      .poll(START)
      .set({ status: 'LIVE' })
      .poll(START + 1);
    lifeCycle.set({ status: 'UPCOMING' });
    expect(lifeCycle.poll(START + 2).poll(START + HOUR).announced).toEqual(['LIVE', 'UPCOMING']);
  });
});

describe('A start or an end that is changed', () => {
  test('takes effect at its new time', () => {
    const lifeCycle = new LifeCycle().poll(START - HOUR);
    expect(
      lifeCycle
        .set({ startsAt: START + MINUTE })
        .poll(START)
        .news(),
    ).toEqual([]);
    expect(
      lifeCycle
        .set({ startsAt: START - MINUTE })
        .poll(START)
        .news(),
    ).toEqual(['LIVE']);
    expect(
      lifeCycle
        .set({ endsAt: END + HOUR })
        .poll(END)
        .news(),
    ).toEqual([]);
    expect(
      lifeCycle
        .set({ endsAt: END - HOUR })
        .poll(END)
        .news(),
    ).toEqual(['ENDED', 'END']);
  });

  test('reverts what only the clock had announced', () => {
    const lifeCycle = new LifeCycle().poll(START - 1).poll(START);
    expect(
      lifeCycle
        .set({ startsAt: START + HOUR })
        .poll(START + 1)
        .news(),
    ).toEqual(['LIVE', 'UPCOMING']);
    expect(lifeCycle.poll(START + HOUR).news()).toEqual(['LIVE']);
    lifeCycle.poll(END).news();
    expect(
      lifeCycle
        .set({ endsAt: END + HOUR })
        .poll(END + 1)
        .news(),
    ).toEqual(['LIVE']);
    expect(lifeCycle.poll(END + HOUR).news()).toEqual(['ENDED', 'END']);
  });

  test('reverts nothing that the platform’s status says', () => {
    const lifeCycle = new LifeCycle()
      .poll(START)
      .set({ status: 'LIVE' })
      .poll(START + 1);
    expect(
      lifeCycle
        .set({ startsAt: START + HOUR })
        .poll(START + 2)
        .poll(START + HOUR).announced,
    ).toEqual(['LIVE']);
    lifeCycle.set({ status: 'ENDED' }).poll(START + HOUR + 1);
    lifeCycle.news();
    expect(
      lifeCycle
        .set({ endsAt: END + HOUR })
        .poll(END + 1)
        .poll(END + HOUR)
        .news(),
    ).toEqual([]);
  });
});

describe('A report', () => {
  test('is announced once, whether the clock or another report comes second', () => {
    const lifeCycle = new LifeCycle()
      .poll(START - HOUR)
      .report('LIVE', START - MINUTE)
      .poll(START)
      .report('LIVE', START);
    expect(
      lifeCycle
        .set({ status: 'LIVE' })
        .poll(START + 1)
        .news(),
    ).toEqual(['LIVE']);
    lifeCycle
      .report('ENDED', END - 2)
      .report('END', END - 1)
      .poll(END)
      .set({ status: 'ENDED' })
      .poll(END + 1);
    expect(lifeCycle.report('END', END + 2).news()).toEqual(['ENDED', 'END']);
  });

  test('of the end alone is preceded by the status ENDED', () => {
    const lifeCycle = new LifeCycle({ status: 'LIVE' }).poll(START + 1).report('END', END - HOUR);
    expect(lifeCycle.report('ENDED', END - HOUR).poll(END).announced).toEqual(['ENDED', 'END']);
  });

  test('of the status ENDED alone is followed by the end after a grace period', () => {
    const lifeCycle = new LifeCycle({ status: 'LIVE' }).poll(START + 1).report('ENDED', END - HOUR);
    expect(lifeCycle.poll(END - HOUR + END_GRACE_MS - 1).announced).toEqual(['ENDED']);
    expect(lifeCycle.poll(END - HOUR + END_GRACE_MS).announced).toEqual(['ENDED', 'END']);
    expect(lifeCycle.poll(END).announced).toEqual(['ENDED', 'END']);
  });

  test('reopens a contest, and an end that has passed does not close it', () => {
    const lifeCycle = new LifeCycle({ status: 'LIVE' })
      .poll(START)
      .poll(END)
      .report('LIVE', END + 1);
    lifeCycle.set({ status: 'ENDED' });
    lifeCycle.announced.length = 0;
    expect(lifeCycle.poll(END + HOUR).news()).toEqual(['ENDED', 'END']);
    lifeCycle.report('LIVE', END + 2 * HOUR).set({ status: 'LIVE' });
    expect(lifeCycle.poll(END + 3 * HOUR).news()).toEqual(['LIVE']);
  });
});

describe('A cancelled contest', () => {
  // The platform's row may still say LIVE when a controller reports the cancellation.
  const cancelled = (status: ContestStatus) =>
    new LifeCycle({ status }).poll(START - HOUR).report('CANCELLED', START - MINUTE);

  test.each(['UPCOMING', 'LIVE'] as const)(
    'neither starts nor ends, though the platform says %s',
    (status) => {
      const lifeCycle = cancelled(status);
      expect(lifeCycle.news()).toEqual(['CANCELLED']);
      expect(
        lifeCycle
          .poll(START)
          .poll(END)
          .poll(END + HOUR)
          .news(),
      ).toEqual([]);
      expect(
        lifeCycle
          .set({ status: 'CANCELLED' })
          .poll(END + 2 * HOUR)
          .news(),
      ).toEqual([]);
    },
  );

  test('does not fall back when its start or end is postponed', () => {
    const lifeCycle = new LifeCycle({ status: 'LIVE' }).poll(START).report('CANCELLED', START + 1);
    lifeCycle.news();
    expect(
      lifeCycle
        .set({ startsAt: START + HOUR })
        .poll(START + 2)
        .news(),
    ).toEqual([]);
    expect(
      lifeCycle
        .poll(END)
        .set({ endsAt: END + HOUR })
        .poll(END + 1)
        .news(),
    ).toEqual([]);
  });

  test('is not followed by the end of a status ENDED that was reported before', () => {
    const lifeCycle = new LifeCycle({ status: 'LIVE' }).poll(START).report('ENDED', START + 1);
    lifeCycle.set({ status: 'CANCELLED' }).poll(START + 2);
    expect(
      lifeCycle
        .poll(START + 1 + END_GRACE_MS)
        .poll(END)
        .news(),
    ).toEqual(['ENDED', 'CANCELLED']);
  });

  test('is ended by hand alone', () => {
    const lifeCycle = cancelled('LIVE').set({ status: 'ENDED' });
    expect(lifeCycle.poll(START).news()).toEqual(['CANCELLED', 'ENDED', 'END']);
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
  /** Time to the next poll: minutes or days. */
  after: fc.oneof(fc.integer({ min: 0, max: 20 * MINUTE }), fc.integer({ min: 0, max: 3 * LONG_PAST_MS })),
  set: fc.oneof(
    { weight: 3, arbitrary: fc.constant({}) },
    { weight: 2, arbitrary: fc.record({ status: fc.constantFrom(...STATUSES) }) },
    { weight: 1, arbitrary: contestOf },
  ),
  report: fc.option(fc.constantFrom(...STATUSES, 'END' as const), { freq: 3 }),
});

/** No status is announced twice in a row, and every end follows the status ENDED directly. */
function expectSound(announced: readonly string[]): void {
  const statuses = announced.filter((word) => word !== 'END');
  for (const [index, status] of statuses.entries())
    if (index > 0) expect(status).not.toBe(statuses[index - 1]);
  for (const [index, word] of announced.entries())
    if (word === 'END') expect(announced[index - 1]).toBe('ENDED');
}

describe('Any sequence of changes, reports and polls', () => {
  test('announces nothing twice, and a second poll nothing at all', () => {
    fc.assert(
      fc.property(contestOf, moment, fc.array(step, { maxLength: 25 }), (contest, begin, steps) => {
        const lifeCycle = new LifeCycle(contest).poll(begin);
        let now = begin;
        for (const { after, set, report } of steps) {
          now += after;
          const { length } = lifeCycle.announced;
          const { status } = lifeCycle.contest;
          const isCancelled = lifeCycle.state?.status === 'CANCELLED';
          lifeCycle.set(set);
          if (report) lifeCycle.report(report, now);
          const before = lifeCycle.poll(now).announced.length;
          // No clock moves a cancelled contest: only a report or a change by hand does.
          if (isCancelled && !report && lifeCycle.contest.status === status) expect(before).toBe(length);
          const known = lifeCycle.state;
          lifeCycle.poll(now);
          expect(lifeCycle.announced.length).toBe(before);
          expect(lifeCycle.state).toEqual(known);
        }
        expectSound(lifeCycle.announced);
      }),
      { numRuns: 2_000 },
    );
  });

  test('announces one start and one end of a contest that no admin changes', () => {
    const polls = fc.array(fc.integer({ min: -4 * HOUR, max: 20 * HOUR }), { maxLength: 40 });
    fc.assert(
      fc.property(polls, (offsets) => {
        const lifeCycle = new LifeCycle().poll(START - 5 * HOUR);
        for (const offset of offsets.toSorted((a, b) => a - b)) lifeCycle.poll(START + offset);
        lifeCycle.poll(START + 21 * HOUR);
        expect(lifeCycle.announced).toEqual(['LIVE', 'ENDED', 'END']);
      }),
    );
  });

  test('ends at the latest change, when every change is polled', () => {
    const change = fc.oneof(
      fc.record({ status: fc.constantFrom('UPCOMING' as const, 'LIVE' as const, 'ENDED' as const) }),
      fc.constant({}),
    );
    const days = fc.array(fc.tuple(fc.integer({ min: 1, max: HOUR }), change), { maxLength: 30 });
    fc.assert(
      fc.property(days, (changes) => {
        const lifeCycle = new LifeCycle().poll(START - 5 * HOUR);
        let last: ContestStatus = 'UPCOMING';
        let now = START - 5 * HOUR;
        for (const [after, set] of changes) {
          const [from, to] = [now, now + after];
          // Start and end come first, each polled at its own time.
          for (const [at, status] of [[START, 'LIVE'] as const, [END, 'ENDED'] as const])
            if (from < at && at <= to) {
              lifeCycle.poll(at);
              if (last === 'UPCOMING' || (last === 'LIVE' && status === 'ENDED')) last = status;
            }
          now = to;
          if ('status' in set && set.status !== lifeCycle.contest.status) last = set.status;
          lifeCycle.set(set).poll(now);
          expect(statusOf((lifeCycle.state as AnnouncedState).status)).toBe(last);
        }
        expectSound(lifeCycle.announced);
      }),
      { numRuns: 1_000 },
    );
  });
});
