import fc from 'fast-check';
import { CATALOGUE } from '../../src/protocol/catalogue.ts';
import {
  CONTEST_STATUSES,
  DIFFICULTIES,
  MODES,
  RECEIPT_ACTIONS,
  ROLES,
  SEVERITIES,
  TIERS,
} from '../../src/protocol/enums.ts';
import {
  EVENT_TYPES,
  type EventInput,
  type EventType,
  type NewEvent,
  type PublicEventType,
} from '../../src/protocol/event.ts';
import { wellFormedText } from './arbitrary.ts';

const id = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }));
const count = fc.oneof(fc.nat(1_000), fc.maxSafeNat());
const name = wellFormedText(100);
const title = wellFormedText(200);
const level = fc.integer({ min: 1, max: 1000 });
const tier = fc.constantFrom(...TIERS);
const subRank = wellFormedText(20);
const rank = fc.oneof(fc.integer({ min: 1, max: 130 }), id);
const status = fc.constantFrom(...CONTEST_STATUSES);
const milliseconds = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true });
const instant = fc
  .date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .map((date) => date.toISOString());

type Shape = { [key: string]: fc.Arbitrary<unknown> };

/** A record of which some fields may be missing. */
const fields = <R extends Shape, O extends Shape>(required: R, optional: O) =>
  fc.record({ ...required, ...optional }, { requiredKeys: Object.keys(required) });

const named = fields({ playerId: id }, { playerName: name });
const ranked = fields({ playerId: id, rank }, { playerName: name });
const cell = fields(
  { problemId: id, attempts: count },
  { pending: count, solvedAt: count, points: count, first: fc.boolean() },
);
const standing = fc.record({
  playerId: id,
  playerName: name,
  picture: fc.option(wellFormedText(300)),
  tier: fc.option(tier),
  mode: fc.option(fc.constantFrom(...MODES)),
  rank,
  finalRating: fc.double({ noNaN: true, noDefaultInfinity: true }),
  problemsSolved: count,
  penaltyMins: count,
  lastSolvedAt: fc.option(instant),
});

const verdict = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,49}$/);
const tests = fc.record({ passed: count, total: count });
const about = { playerName: name, problemTitle: title, contestId: id, contestTitle: title };
const submission = { playerId: id, submissionId: id, problemId: id };

/** At most one audience of an announcement. */
const audience = fc.oneof(
  fc.constant({}),
  fc.record({ contestId: id }),
  fc.record({ playerId: id }),
  fc.record({ role: fc.constantFrom(...ROLES) }),
);

/** Valid data of each type. */
export const dataOf: { readonly [T in EventType]: fc.Arbitrary<EventInput<T>> } = {
  LEVEL_UP: fields(
    { playerId: id, oldLevel: level, newLevel: level },
    { playerName: name, xp: count, tier, subRank },
  ) as fc.Arbitrary<EventInput<'LEVEL_UP'>>,
  TIER_UPGRADE: fields(
    { playerId: id, oldTier: tier, newTier: tier },
    { playerName: name, subRank },
  ) as fc.Arbitrary<EventInput<'TIER_UPGRADE'>>,
  RANK_CHANGE: fields(
    { playerId: id, contestId: id, oldRank: fc.option(rank), newRank: rank },
    { playerName: name, contestTitle: title },
  ) as fc.Arbitrary<EventInput<'RANK_CHANGE'>>,
  ACHIEVEMENT: fields(
    { playerId: id, achievement: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,63}$/), name },
    { playerName: name, description: wellFormedText(500) },
  ) as fc.Arbitrary<EventInput<'ACHIEVEMENT'>>,
  PROBLEM_SOLVED: fields(
    { playerId: id, problemId: id },
    {
      playerName: name,
      problemTitle: title,
      contestId: id,
      contestTitle: title,
      points: count,
      difficulty: fc.constantFrom(...DIFFICULTIES),
      first: fc.boolean(),
    },
  ) as fc.Arbitrary<EventInput<'PROBLEM_SOLVED'>>,
  SUBMISSION_RECEIVED: fields(submission, { ...about, language: wellFormedText(30) }) as fc.Arbitrary<
    EventInput<'SUBMISSION_RECEIVED'>
  >,
  SUBMISSION_JUDGED: fields({ ...submission, verdict }, { ...about, points: count, tests }) as fc.Arbitrary<
    EventInput<'SUBMISSION_JUDGED'>
  >,
  SUBMISSION_REJUDGED: fields(
    { ...submission, oldVerdict: verdict, verdict },
    { ...about, points: count, tests },
  ) as fc.Arbitrary<EventInput<'SUBMISSION_REJUDGED'>>,
  SOLVE_RETRACTED: fields(
    { playerId: id, problemId: id },
    { ...about, verdict, supersedes: id },
  ) as fc.Arbitrary<EventInput<'SOLVE_RETRACTED'>>,
  XP_GAINED: fields(
    { playerId: id, xp: fc.integer(), source: wellFormedText(50) },
    { playerName: name, ledgerId: id, contestId: id, contestTitle: title },
  ) as fc.Arbitrary<EventInput<'XP_GAINED'>>,
  CONTEST_STATUS: fields(
    { contestId: id, newStatus: status },
    { contestTitle: title, oldStatus: status, startsAt: instant, endsAt: instant },
  ) as fc.Arbitrary<EventInput<'CONTEST_STATUS'>>,
  CONTEST_END: fields(
    { contestId: id },
    {
      contestTitle: title,
      participantCount: count,
      winners: fc.array(
        fields({ playerId: id, rank: fc.integer({ min: 1, max: 3 }) }, { playerName: name }),
        {
          maxLength: 10,
        },
      ),
    },
  ) as fc.Arbitrary<EventInput<'CONTEST_END'>>,
  CONTEST_CREATED: fields(
    { contestId: id, status, isPublic: fc.boolean(), problemCount: count },
    { contestTitle: title, startsAt: instant, endsAt: instant, problems: fc.array(id, { maxLength: 12 }) },
  ) as fc.Arbitrary<EventInput<'CONTEST_CREATED'>>,
  CONTEST_CHANGED: fields(
    {
      contestId: id,
      status,
      isPublic: fc.boolean(),
      problemCount: count,
      changed: fc.uniqueArray(
        fc.constantFrom('title', 'status', 'startsAt', 'endsAt', 'isPublic', 'problems'),
        { minLength: 1 },
      ),
    },
    { contestTitle: title, startsAt: instant, endsAt: instant, problems: fc.array(id, { maxLength: 12 }) },
  ) as fc.Arbitrary<EventInput<'CONTEST_CHANGED'>>,
  CONTEST_UNLISTED: fc.record({ contestId: id }) as fc.Arbitrary<EventInput<'CONTEST_UNLISTED'>>,
  CONTEST_COUNTS: fields(
    {
      contests: fc.array(fc.record({ contestId: id, participantCount: count }), {
        minLength: 1,
        maxLength: 5,
      }),
    },
    { contestId: id },
  ) as fc.Arbitrary<EventInput<'CONTEST_COUNTS'>>,
  CONTEST_RESULTS: fields(
    {
      contestId: id,
      ranked: count,
      winners: fc.array(ranked, { maxLength: 10 }),
      top: fc.array(ranked, { maxLength: 20 }),
    },
    { contestTitle: title },
  ) as fc.Arbitrary<EventInput<'CONTEST_RESULTS'>>,
  CONTEST_REVEAL: fields(
    { contestId: id, freezeNo: count, pending: count },
    { contestTitle: title, next: fc.record({ playerId: id, problemId: id }) },
  ) as fc.Arbitrary<EventInput<'CONTEST_REVEAL'>>,
  CONTEST_REVEAL_STEP: fields(
    {
      contestId: id,
      freezeNo: count,
      step: count,
      extent: fc.constantFrom('cell', 'row', 'all'),
      cells: fc.array(cell, { maxLength: 3 }),
      settled: fc.boolean(),
      pending: count,
      finished: fc.boolean(),
    },
    {
      playerId: id,
      playerName: name,
      oldRank: rank,
      row: standing,
      next: fc.record({ playerId: id, problemId: id }),
    },
  ) as fc.Arbitrary<EventInput<'CONTEST_REVEAL_STEP'>>,
  LEADERBOARD_UPDATE: fields(
    {
      contestId: id,
      previous: count,
      version: id,
      total: count,
      changed: fc.array(standing, { maxLength: 5 }),
      removed: fc.array(id, { maxLength: 5 }),
      shifts: fc.array(fc.record({ from: rank, to: rank, by: fc.integer() }), { maxLength: 5 }),
    },
    { real: fc.boolean(), shown: fc.boolean() },
  ) as fc.Arbitrary<EventInput<'LEADERBOARD_UPDATE'>>,
  CELLS_UPDATE: fields(
    {
      contestId: id,
      previous: count,
      version: id,
      changed: fc.array(fc.record({ playerId: id, cells: fc.array(cell, { maxLength: 5 }) }), {
        maxLength: 5,
      }),
      removed: fc.array(id, { maxLength: 5 }),
    },
    { problems: fc.array(id, { maxLength: 12 }), real: fc.boolean() },
  ) as fc.Arbitrary<EventInput<'CELLS_UPDATE'>>,
  LEADERBOARD_FREEZE: fields(
    { contestId: id, frozen: fc.boolean(), version: count },
    { contestTitle: title },
  ) as fc.Arbitrary<EventInput<'LEADERBOARD_FREEZE'>>,
  CONTEST_JOINED: fields(
    { contestId: id, players: fc.array(named, { minLength: 1, maxLength: 100 }) },
    { contestTitle: title, participantCount: count },
  ) as fc.Arbitrary<EventInput<'CONTEST_JOINED'>>,
  ANNOUNCEMENT: fc
    .tuple(
      fields(
        { title: wellFormedText(255), message: wellFormedText(10_000) },
        { announcementId: id, severity: fc.constantFrom(...SEVERITIES), correction: fc.boolean() },
      ),
      audience,
    )
    .map(([data, to]) => ({ ...data, ...to }) as EventInput<'ANNOUNCEMENT'>),
  ANNOUNCEMENT_WITHDRAWN: fc
    .tuple(fields({ announcementId: id }, { title: wellFormedText(255) }), audience)
    .map(([data, to]) => ({ ...data, ...to }) as EventInput<'ANNOUNCEMENT_WITHDRAWN'>),
  GLOBAL_LEADERBOARD: fc.record({
    version: id,
    top: fc.array(fields({ playerId: id, playerName: name, rank, xp: count }, { level: id, tier, subRank }), {
      maxLength: 20,
    }),
  }) as fc.Arbitrary<EventInput<'GLOBAL_LEADERBOARD'>>,
  DIGEST: fields(
    {
      count,
      events: fc.array(
        fields({ type: verdict, playerId: id, message: wellFormedText(2_000) }, { playerName: name }),
        { maxLength: 10 },
      ),
    },
    { contestId: id },
  ) as fc.Arbitrary<EventInput<'DIGEST'>>,
  PLAYER_STATUS: fields(
    {
      online: fc.array(named, { maxLength: 20 }),
      offline: fc.array(named, { maxLength: 20 }),
      onlineCount: count,
      truncated: fc.boolean(),
    },
    { cameCount: count, wentCount: count },
  ) as fc.Arbitrary<EventInput<'PLAYER_STATUS'>>,
  PADDING: fc.record({ frozenContests: id }) as fc.Arbitrary<EventInput<'PADDING'>>,
  ACCESS_CHANGED: fc.record({
    userIds: fc.array(id, { maxLength: 20 }),
    contestIds: fc.array(id, { maxLength: 20 }),
  }) as fc.Arbitrary<EventInput<'ACCESS_CHANGED'>>,
  NODE_STATUS: fc.record({
    nodeId: fc.uuid(),
    periodMs: id,
    streams: count,
    frames: count,
    deliveries: count,
    latency: fc.option(fc.record({ p50: milliseconds, p99: milliseconds })),
    lagRows: count,
    memoryBytes: count,
    scopes: fc.array(fc.record({ scope: fc.constantFrom('global', 'contest:3'), streams: count }), {
      maxLength: 20,
    }),
  }) as fc.Arbitrary<EventInput<'NODE_STATUS'>>,
  RECEIPTS: fields(
    {
      playerId: id,
      action: fc.constantFrom(...RECEIPT_ACTIONS),
      counts: fc.record({ unread: count, unseen: count, total: count }),
    },
    { ids: fc.array(id, { maxLength: 20 }), throughId: id },
  ) as fc.Arbitrary<EventInput<'RECEIPTS'>>,
};

const publicTypes = EVENT_TYPES.filter((type) => !CATALOGUE[type].internal) as PublicEventType[];

/** Any valid event that a client may publish. */
export const anyEvent: fc.Arbitrary<NewEvent> = fc
  .constantFrom(...publicTypes)
  .chain((type) => (dataOf[type] as fc.Arbitrary<unknown>).map((data) => ({ type, data }) as NewEvent));
