import { beforeAll, expect } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { installTriggers } from '../../src/platform/triggers/install.ts';
import {
  createContest,
  createPlayer,
  createProblem,
  createUser,
  joinContest,
  type PlayerIds,
  setFrozen,
} from '../support/database/platform.ts';
import { type Statement, statements } from '../support/database/platform-statements.ts';
import { prepareService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { FAST } from '../support/wire/leaderboard-http.ts';
import { type RawStream, readStream } from '../support/wire/raw-stream.ts';

/** A hidden submission: who submits what, its verdict, and the verdict that a rejudgement gives it afterwards. */
export interface HiddenSubmission {
  readonly solver: number;
  readonly problem: number;
  readonly accepted: boolean;
  readonly rejudged?: boolean;
}

/** What observers were sent between one hidden submission and the next, without times and positions. */
export interface Sight {
  /** Answers of every resource, by observer and path. */
  readonly answers: Readonly<Record<string, string>>;
  /** Frames of every scope, by observer: name and data. */
  readonly frames: readonly string[];
  /** Positions by which the log moved, but for those of the frames. */
  readonly unseen: number;
}

interface ContestCast {
  /** Level of the last player who advanced. */
  level: number;
  readonly contestId: number;
  /** Contest of the same players that is not frozen. */
  readonly otherId: number;
  readonly problems: readonly number[];
  readonly solvers: readonly PlayerIds[];
}

/** User who may see the contest, and did not submit. */
interface Observer {
  readonly name: string;
  readonly token: string;
  readonly stream: RawStream;
  seen: number;
}

const SOLVERS = 3;
/** Last public solve of each of them, as the platform stores it. */
const SOLVED_AT = '2026-01-02 03:04:05';
const PROBLEMS = 3;
/** Headers that say nothing of the body, or differ from one answer to the next. */
const OTHER_HEADERS =
  /^(date|etag|content-length|connection|keep-alive|x-.*|cross-origin-.*|access-control-.*|origin-.*|referrer-.*)$/;
/** Frames that depend on time alone. */
const TIMED = new Set(['player-status', 'stream-open', 'caught-up', 'position']);

/** Number of padded appends that have begun, and that have ended. */
export interface PaddedAppends {
  readonly begun: number;
  readonly ended: number;
}

interface Play {
  /** Runs between the freeze and the first hidden submission. */
  readonly afterFreeze?: (contestId: number) => Promise<void>;
  /** Where there are padded appends among what is compared: each moves positions by four rows, whatever happens. */
  readonly padded?: PaddedAppends;
}

/** A service with triggers, whose periodic events come at once. @param appendIntervalMs time between two padded appends */
export function prepareObserved(appendIntervalMs: number): TestService {
  const live = prepareService({
    ...FAST,
    GLOBAL_LEADERBOARD_INTERVAL_MS: '50',
    FREEZE_APPEND_INTERVAL_MS: String(appendIntervalMs),
    PRESENCE_GRACE_MS: '0',
    PRESENCE_INTERVAL_MS: '50',
  });
  beforeAll(async () => {
    await installTriggers(live.test.database);
  });
  return live;
}

/** Plays a contest twice, the second time with every hidden verdict another one: observers are sent the same, and infer nothing. */
export async function expectNoSigns(
  live: TestService,
  plan: readonly HiddenSubmission[],
  play: Play = {},
): Promise<void> {
  const first = await observeContest(live, plan, play);
  const second = await observeContest(live, flipped(plan), play);
  expect(first).toHaveLength(plan.length);
  for (const [index, sight] of first.entries()) expect(differencesOf(sight, second[index])).toEqual([]);
  expect(signsOf(plan, first)).toEqual([]);
}

/**
 * Plays a frozen contest with hidden submissions, as the platform writes them, and collects everything that the service sends to a
 * participant who does not submit and to a player from outside: all scopes that they may open, all resources, with headers.
 */
export async function observeContest(
  live: TestService,
  plan: readonly HiddenSubmission[],
  { afterFreeze = async () => {}, padded }: Play = {},
): Promise<Sight[]> {
  const { database } = live.test;
  const position = () => positionOf(live, padded);
  const cast = await createCast(database);
  const rival = await createPlayer(database, { name: 'Rival', xp: 30_000 });
  const outsider = await createPlayer(database, { name: 'Outsider', xp: 20_000 });
  for (const contestId of [cast.contestId, cast.otherId]) {
    // Joins that are relayed together are ordered by contest.
    await until(async () => (await waitingInOutbox(database)) === 0);
    await joinContest(database, { contestId, playerId: rival.playerId });
  }
  const scopes = [
    'player:me',
    'global',
    ...[cast.contestId, cast.otherId].flatMap((id) => [`contest:${id}`, `contest:${id}:leaderboard`]),
    ...cast.problems.map((id) => `problem:${id}`),
  ];
  const open = async (name: string, token: string, named: readonly string[]): Promise<Observer> => {
    const query = named.map((scope) => `scope=${scope}`).join('&');
    const stream = await readStream(`${live.url}/streams?${query}&cells=1`, {
      authorization: `Bearer ${token}`,
    });
    await until(() => eventsOf(stream).some(({ event }) => event === 'caught-up'));
    return { name, token, stream, seen: 0 };
  };
  const adminToken = await live.token(await createUser(database, { role: 'ADMIN' }));
  const observers = [
    await open('participant', await live.token(rival.userId), scopes),
    await open('outsider', await live.token(outsider.userId), scopes),
  ];
  const others = [await open('admin', adminToken, scopes.slice(1))];
  const own: Observer[] = [];
  for (const { userId } of cast.solvers) own.push(await open('own', await live.token(userId), ['player:me']));
  const record = recorderOf(cast, rival, outsider);
  const collect = async (before: number) =>
    collectSight(live, observers, resourcesOf(cast), record, { before, position: await position() });
  try {
    // A public solve of each player, so that there is something to compare with.
    for (const [index, solver] of cast.solvers.entries()) {
      await submit(database, cast, { solver: index, problem: PROBLEMS - 1, accepted: true });
      await until(() => count(observers[0] as Observer, 'problem-solved', solver.playerId) === 2);
    }
    // Cells are public by the second: what is submitted in the second of the freeze is hidden.
    await database.execute(
      'UPDATE submission SET submitted_at = submitted_at - INTERVAL 1 MINUTE WHERE contest_id = ?',
      [cast.contestId],
    );
    await database.execute(
      'UPDATE contest_participant SET last_solved_at = ? WHERE contest_id = ? AND problems_solved > 0',
      [SOLVED_AT, cast.contestId],
    );
    await until(() => isSettled(live, cast, observers[0] as Observer));
    await setFrozen(database, cast.contestId, true);
    for (const { stream } of [...observers, ...others])
      await until(() => eventsOf(stream).filter(({ event }) => event === 'leaderboard-freeze').length === 2);
    await afterFreeze(cast.contestId);
    await until(() => isQuiet(live, observers, position));
    for (const observer of observers) observer.seen = eventsOf(observer.stream).length;
    await collect(0);
    const sights: Sight[] = [];
    for (const submission of plan) {
      const before = await position();
      for (const observer of observers) observer.seen = eventsOf(observer.stream).length;
      const solver = own[submission.solver] as Observer;
      const verdicts = judgements(solver);
      await submit(database, cast, submission);
      await until(() => judgements(solver) === verdicts + (submission.rejudged === undefined ? 1 : 2));
      // Whatever its verdict, it is pending.
      for (const observer of observers)
        await until(() => framesOf(observer).some((frame) => frame.event === 'cells-update'));
      await until(() => hasSubmissions(live, cast, observers[0] as Observer, SOLVERS + sights.length + 1));
      if (padded) await allAppended(database, padded);
      await until(() => isQuiet(live, observers, position));
      sights.push(await collect(before));
    }
    return sights;
  } finally {
    for (const { stream } of [...observers, ...others, ...own]) stream.close();
    const users = [...cast.solvers, rival, outsider].map(({ userId }) => userId);
    // The next contest has the global leaderboard to itself.
    await database.execute("UPDATE users SET status = 'BANNED' WHERE id IN (?)", [users]);
  }
}

async function createCast(database: Database): Promise<ContestCast> {
  const problems: number[] = [];
  for (let number = 0; number < PROBLEMS; number++) problems.push(await createProblem(database));
  const contestId = await createContest(database, { problems, title: 'Frozen' });
  const otherId = await createContest(database, { problems, title: 'Open' });
  const solvers: PlayerIds[] = [];
  for (let number = 0; number < SOLVERS; number++) {
    const solver = await createPlayer(database, { name: `Solver ${number}`, xp: 1_000 * (number + 1) });
    solvers.push(solver);
    for (const id of [contestId, otherId])
      await joinContest(database, { contestId: id, playerId: solver.playerId });
  }
  return { level: 1, contestId, otherId, problems, solvers };
}

/** A submission as the platform writes it, statement by statement. */
async function submit(
  database: Database,
  cast: ContestCast,
  { solver, problem, accepted, rejudged }: HiddenSubmission,
): Promise<void> {
  const { contestId, problems, solvers } = cast;
  const { playerId } = solvers[solver] as PlayerIds;
  const about = { contestId, playerId, problemId: problems[problem] as number };
  const [[insert, values]] = statements.submit(about) as [Statement];
  const { insertId } = await database.execute(insert, [...values]);
  const accept = async () => {
    cast.level += 1;
    const after = { xp: 10_000, level: cast.level, tier: 'SILVER', subRank: 'Silver I' };
    for (const [sql, given] of statements.accept(about, insertId, after))
      await database.execute(sql, [...given]);
  };
  const judge = (verdict: string) =>
    database.execute('UPDATE submission SET verdict = ? WHERE id = ?', [verdict, insertId]);
  await (accepted ? accept() : judge('WRONG_ANSWER'));
  if (rejudged === undefined) return;
  await (rejudged && !accepted ? accept() : judge('RUNTIME_ERROR'));
}

const parsed = new WeakMap<RawStream, { readonly at: number; readonly events: RawStream['events'] }>();
/** Max age of parsed frames, ms: each access to those of a stream parses all of them. */
const PARSED_MS = 20;

function eventsOf(stream: RawStream): RawStream['events'] {
  const known = parsed.get(stream);
  if (known && performance.now() - known.at < PARSED_MS) return known.events;
  const { events } = stream;
  parsed.set(stream, { at: performance.now(), events });
  return events;
}

const framesOf = ({ stream, seen }: Observer) => eventsOf(stream).slice(seen);

const count = ({ stream }: Observer, event: string, playerId: number) =>
  eventsOf(stream).filter((frame) => frame.event === event && JSON.parse(frame.data).playerId === playerId)
    .length;

const judgements = ({ stream }: Observer) =>
  eventsOf(stream).filter(({ event }) => event === 'submission-judged' || event === 'submission-rejudged')
    .length;

/** Rows of a padded append without judgements. */
const PADDED_ROWS = 4;

/** Position of the log, without what padded appends add in any case. */
async function positionOf(live: TestService, padded?: PaddedAppends): Promise<number> {
  for (;;) {
    const { begun = 0, ended = 0 } = padded ?? {};
    const response = await fetch(`${live.url}/health`);
    const { follower } = (await response.json()) as { follower: { position: number } };
    if (begun === ended && begun === (padded?.begun ?? 0)) return follower.position - PADDED_ROWS * begun;
  }
}

/** Waits until an append that began after now has ended, and nothing waits for another. */
async function allAppended(database: Database, padded: PaddedAppends): Promise<void> {
  const { begun } = padded;
  await until(async () => {
    const [row] = await database.query<{ waiting: number }>(
      'SELECT COUNT(*) AS waiting FROM deferred_event WHERE contest_id = 0',
    );
    return padded.ended > begun && Number(row?.waiting) === 0;
  });
}

/** Whether the Contest API has all submissions, which it reads from time to time. */
async function hasSubmissions(
  live: TestService,
  { contestId }: ContestCast,
  { token }: Observer,
  count: number,
): Promise<boolean> {
  const response = await fetch(`${live.url}/clics/contests/${contestId}/submissions`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return ((await response.json()) as unknown[]).length === count;
}

/** Whether both leaderboards, their cells, the listing and the players online show what came before the freeze. */
async function isSettled(
  live: TestService,
  { contestId, otherId }: ContestCast,
  { token }: Observer,
): Promise<boolean> {
  const get = async (path: string) => {
    const response = await fetch(live.url + path, { headers: { authorization: `Bearer ${token}` } });
    return (await response.json()) as {
      count: number;
      rows: { tier: string; lastSolvedAt: string | null; cells: { solvedAt?: number }[] }[];
    };
  };
  const [frozen, open, online] = [
    await get(`/contests/${contestId}/leaderboard?cells=1`),
    await get(`/contests/${otherId}/leaderboard`),
    await get('/players/online'),
  ];
  const [pending] = await live.test.database.query<{ moves: number }>(
    'SELECT COUNT(*) AS moves FROM standings_row WHERE contest_id = ? AND told_from IS NOT NULL',
    [contestId],
  );
  const [listing] = await live.test.database.query<{ listed: number }>(
    `SELECT COUNT(*) AS listed FROM contest c JOIN contest_listing l ON l.contest_id = c.id
     WHERE c.id IN (?) AND l.participant_count = c.participant_count AND c.participant_count = ?`,
    [[contestId, otherId], SOLVERS + 1],
  );
  return (
    frozen.rows.filter(
      ({ tier, lastSolvedAt, cells }) =>
        tier === 'SILVER' && lastSolvedAt?.startsWith('2026-01') && cells[0]?.solvedAt !== undefined,
    ).length === SOLVERS &&
    open.rows.filter(({ tier }) => tier === 'SILVER').length === SOLVERS &&
    online.count === SOLVERS + 2 &&
    Number(pending?.moves) === 0 &&
    Number(listing?.listed) === 2
  );
}

async function waitingInOutbox(database: Database): Promise<number> {
  const [row] = await database.query<{ waiting: number }>('SELECT COUNT(*) AS waiting FROM event_outbox');
  return Number(row?.waiting);
}

/** Polls, some 25 ms apart, in which nothing came. */
const QUIET_POLLS = 6;

/** Whether the outbox is empty and nothing has come for a while. */
async function isQuiet(
  live: TestService,
  observers: readonly Observer[],
  position: () => Promise<number>,
): Promise<boolean> {
  const state = async () => {
    return [
      await waitingInOutbox(live.test.database),
      await position(),
      ...observers.map(({ stream }) => eventsOf(stream).length),
    ].join();
  };
  const first = await state();
  if (!first.startsWith('0,')) return false;
  for (let poll = 0; poll < QUIET_POLLS; poll++) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    if ((await state()) !== first) return false;
  }
  return true;
}

const CLICS_PATHS = [
  ...['', '/state', '/access', '/problems', '/teams', '/submissions', '/judgements', '/awards'],
  ...['/judgement-types', '/languages', '/scoreboard'],
];

/** What callers can read of the contest, by a name that is the same for each contest. */
function resourcesOf({
  contestId,
  otherId,
  solvers,
}: ContestCast): (readonly [name: string, path: string])[] {
  const contests = [
    ['frozen', contestId],
    ['open', otherId],
  ] as const;
  const queries = ['', '?cells=1', '?cells=1&around=me', '?mode=PRECISION', '?limit=1&offset=1'];
  return [
    ...contests.flatMap(([name, id]) => [
      [`contest ${name}`, `/contests/${id}`] as const,
      [`reveal ${name}`, `/contests/${id}/reveal`] as const,
      [`reveal's standings ${name}`, `/contests/${id}/reveal/standings`] as const,
      ...queries.map(
        (query) => [`leaderboard ${name}${query}`, `/contests/${id}/leaderboard${query}`] as const,
      ),
      ...CLICS_PATHS.map((path) => [`clics ${name}${path}`, `/clics/contests/${id}${path}`] as const),
    ]),
    ['hidden', `/streams?scope=contest:${contestId}:hidden`],
    ['real', `/streams?scope=contest:${contestId}:leaderboard:real`],
    ['real cells', `/streams?scope=contest:${contestId}:cells:real`],
    ['contests', '/contests?limit=2'],
    ['global', '/leaderboard'],
    ['global page', '/leaderboard?limit=2&offset=1'],
    ['own activity', '/players/me/activity'],
    ['another activity', `/players/${solvers[0]?.playerId}/activity`],
    ['inbox', '/notifications'],
    ['inbox counts', '/notifications/counts'],
    ['online', '/players/online'],
    ['sessions', '/sessions'],
  ];
}

/** Writes an answer or a frame so that it can be compared: kind of it, and its text. */
type Recorder = (kind: string, text: string) => string;

/** Names instead of ids; no times and positions; versions in the order in which they were seen. */
function recorderOf(
  { contestId, otherId, problems, solvers }: ContestCast,
  rival: PlayerIds,
  outsider: PlayerIds,
): Recorder {
  const players = new Map([
    [rival.playerId, 'rival'],
    [outsider.playerId, 'outsider'],
    ...solvers.map(({ playerId }, index) => [playerId, `solver ${index}`] as const),
  ]);
  const contests = new Map([
    [contestId, 'frozen'],
    [otherId, 'open'],
  ]);
  const numbered = new Map(problems.map((id, index) => [id, `problem ${index}`]));
  const versions = new Map<string, number>();
  const names: Record<string, ReadonlyMap<number, string>> = {
    playerId: players,
    contestId: contests,
    problemId: numbered,
  };
  return (kind, text) =>
    text
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'T')
      .replaceAll(/"(id|eventId|next|cursor|solvedAt|time|uptimeS|position)":("[^"]*"|\d+|null)/g, '"$1":0')
      .replaceAll(
        /"(playerId|contestId|problemId)":(\d+)/g,
        (_, key, id) => `"${key}":"${names[key]?.get(Number(id))}"`,
      )
      .replaceAll(/"problems":\[[\d,]*\]/g, '"problems":[]')
      .replaceAll(/"(team_id|label)":"(\d+)"/g, (_, key, id) => `"${key}":"${players.get(Number(id))}"`)
      .replaceAll(/"problem_id":"(\d+)"/g, (_, id) => `"problem_id":"${numbered.get(Number(id))}"`)
      .replaceAll(/"submission_id":"\d+"/g, '"submission_id":0')
      .replaceAll(
        /"team_ids":\[([^\]]*)\]/g,
        (_, ids) =>
          `"team_ids":[${ids.replaceAll(/"(\d+)"/g, (_id: string, id: string) => players.get(Number(id)))}]`,
      )
      .replaceAll(/"-?\d+:\d\d:\d\d\.\d{3}"/g, '"T"')
      // Minutes from the start, which is another instant in each play.
      .replaceAll(/"time":\d+/g, '"time":0')
      // They are of the whole database, and may be those of the moment at which the triggers were installed.
      .replaceAll(/"warnings":\[[^\]]*\]/g, '"warnings":[]')
      .replaceAll(/(contest|problem|player):\d+/g, '$1')
      .replaceAll(/"(version|previous|cellsVersion)":(\d+)/g, (_, key, version) => {
        const known = `${kind} ${key === 'previous' ? 'version' : key} ${version}`;
        if (!versions.has(known))
          versions.set(known, [...versions.keys()].filter((one) => one.startsWith(kind)).length);
        return `"${key}":${versions.get(known)}`;
      });
}

async function collectSight(
  live: TestService,
  observers: readonly Observer[],
  resources: readonly (readonly [name: string, path: string])[],
  record: Recorder,
  { before, position }: { readonly before: number; readonly position: number },
): Promise<Sight> {
  const answers: Record<string, string> = {};
  const read = async (name: string, resource: string, path: string, init: RequestInit = {}) => {
    const response = await fetch(live.url + path, init);
    const headers = [...response.headers].filter(([header]) => !OTHER_HEADERS.test(header));
    // Its version follows; the rest is a hash of the contest's id.
    const version = /"(\d+)-/.exec(response.headers.get('etag') ?? '')?.[1];
    if (version) headers.push(['etag', `"version":${version}`]);
    const text = await response.text();
    const body = resource === 'metrics' && response.ok ? metricsOf(text) : canonical(text);
    const kind = `${name} ${resource}`;
    answers[kind] = record(kind, `${response.status} ${headers.join('; ')} ${body}`);
  };
  for (const { name, token } of observers)
    for (const [resource, path] of resources)
      await read(name, resource, path, { headers: { authorization: `Bearer ${token}` } });
  for (const resource of ['health', 'ready', 'metrics']) await read('nobody', resource, `/${resource}`);
  const recent = observers.flatMap((observer) => framesOf(observer).map((frame) => ({ observer, frame })));
  const frames = recent
    .filter(({ frame }) => !TIMED.has(frame.event))
    .map(({ observer: { name }, frame: { event, data } }) => {
      const { scope = '' } = JSON.parse(data) as { scope?: string };
      return `${name} ${event} ${record(`${name} ${event} ${scope}`, data)}`;
    });
  const seen = new Set(
    recent.map(({ frame }) => Number(frame.lastEventId.split('-')[0])).filter((id) => id > before),
  );
  return { answers, frames: frames.sort(), unseen: position - before - seen.size };
}

/** JSON with the members of each object in one order. */
function canonical(text: string): string {
  const sorted = (_: string, value: unknown) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return /^[{[]/.test(text) ? JSON.stringify(JSON.parse(text), sorted) : text;
}

/** Names of the service's metrics: their values are those of the process. */
const metricsOf = (text: string) => [...new Set(text.match(/^live_[a-z_]+/gm))].join(' ');

/** Number of members of an answer by their name. */
function membersOf(answer: string): Map<string, number> {
  const members = new Map<string, number>();
  for (const [, name = ''] of answer.matchAll(/"(\w+)":/g)) members.set(name, (members.get(name) ?? 0) + 1);
  return members;
}

/**
 * Numbers of a sight by which verdicts might be guessed: positions, frames by name, whether an answer differs from the one
 * before, and by how many members of each name.
 */
function featuresOf(sight: Sight, previous: Sight | undefined): Map<string, number> {
  const features = new Map([['positions', sight.unseen]]);
  for (const frame of sight.frames) {
    const name = frame.split(' ', 2).join(' ');
    features.set(name, (features.get(name) ?? 0) + 1);
  }
  for (const [name, answer] of Object.entries(previous ? sight.answers : {})) {
    const before = previous?.answers[name] ?? '';
    features.set(name, answer === before ? 0 : 1);
    const members = membersOf(before);
    for (const [member, count] of membersOf(answer))
      features.set(`${name} ${member}`, count - (members.get(member) ?? 0));
  }
  return features;
}

/** Signs by which a classifier with one threshold separates all accepted submissions from all rejected ones. */
export function signsOf(plan: readonly HiddenSubmission[], sights: readonly Sight[]): string[] {
  const features = sights.map((sight, index) => featuresOf(sight, sights[index - 1]));
  const names = new Set(features.flatMap((one) => [...one.keys()]));
  return [...names].filter((name) => {
    const values = (accepted: boolean) =>
      features
        .slice(1)
        .flatMap((one, index) => (plan[index + 1]?.accepted === accepted ? [one.get(name) ?? 0] : []));
    const [accepted, rejected] = [values(true), values(false)];
    return Math.min(...accepted) > Math.max(...rejected) || Math.max(...accepted) < Math.min(...rejected);
  });
}

/** What two sights do not have in common. */
function differencesOf(a: Sight, b: Sight | undefined): string[] {
  const partsOf = (sight: Sight | undefined) => [
    ...(sight?.frames ?? []),
    ...Object.entries(sight?.answers ?? {}).map((answer) => answer.join(': ')),
    `positions: ${sight?.unseen}`,
  ];
  const [first, second] = [partsOf(a), partsOf(b)];
  return [
    ...first.filter((part) => !second.includes(part)).map((part) => `- ${part}`),
    ...second.filter((part) => !first.includes(part)).map((part) => `+ ${part}`),
  ];
}

/** Submissions of each solver in turn, by their verdicts: `+` is accepted. */
export const planOf = (verdicts: string): HiddenSubmission[] =>
  [...verdicts].map((verdict, index) => ({
    solver: index % 3,
    problem: Math.floor(index / 3) % 2,
    accepted: verdict === '+',
  }));

/** A submission of each solver to each problem but the last, in any order; some are judged again. */
export function randomPlan(random: () => number): HiddenSubmission[] {
  const pairs = planOf('------').map((one) => ({ one, order: random() }));
  const plan = pairs
    .sort((a, b) => a.order - b.order)
    .map(({ one }) => {
      const accepted = random() < 0.5;
      return { ...one, accepted, ...(random() < 0.3 ? { rejudged: !accepted } : {}) };
    });
  // The classifier compares those after the first; both verdicts must be among them, not judged again.
  const once = plan.slice(1).filter(({ rejudged }) => rejudged === undefined);
  return new Set(once.map(({ accepted }) => accepted)).size === 2 ? plan : randomPlan(random);
}

/** The same with the other verdicts. */
const flipped = (plan: readonly HiddenSubmission[]) =>
  plan.map(({ rejudged, ...one }) => ({
    ...one,
    accepted: !one.accepted,
    ...(rejudged === undefined ? {} : { rejudged: !rejudged }),
  }));
