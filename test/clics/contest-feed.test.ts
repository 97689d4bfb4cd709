import { beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ContestFeed, type ContestFeedOptions } from '../../src/clics/contest-feed.ts';
import { ContestFeeds } from '../../src/clics/contest-feeds.ts';
import type { LogRow } from '../../src/log/row.ts';
import { SERVER_CLOCK } from '../../src/platform/clock.ts';
import type { EventType } from '../../src/protocol/event.ts';
import { type Scope, scopes } from '../../src/protocol/scope.ts';
import { prepareDatabase } from '../support/database/database.ts';
import {
  createContest,
  createPlayer,
  createProblem,
  createSubmission,
  type PlayerIds,
} from '../support/database/platform.ts';
import { until } from '../support/until.ts';

describe('The feed of one contest', () => {
  const { database } = prepareDatabase();
  let problem: number;
  let ada: PlayerIds;
  let bob: PlayerIds;
  let contestId: number;

  beforeAll(async () => {
    problem = await createProblem(database);
    ada = await createPlayer(database, { name: 'Ada' });
    bob = await createPlayer(database, { name: 'Bob' });
  });
  beforeEach(async () => {
    contestId = await createContest(database, { problems: [problem], players: [ada, bob] });
  });

  let position = 0;
  /** Moves the end of the log, as far as nodes read it. */
  async function setHead(head: number): Promise<void> {
    position = head;
    await database.execute('UPDATE log_head SET head = ? WHERE id = 1', [head]);
  }
  const optionsWith = (options: Partial<ContestFeedOptions> = {}): ContestFeedOptions => ({
    database,
    clock: SERVER_CLOCK,
    cursor: () => `${position}-t`,
    intervalMs: 10,
    checkMs: 600_000,
    onError: () => {},
    ...options,
  });
  const submit = ({ playerId }: PlayerIds) =>
    createSubmission(database, { contestId, playerId, problemId: problem, verdict: 'WRONG_ANSWER' });
  it('gives no token that skips what only a poll finds, since another node may have polled before', async () => {
    await setHead(1);
    const deleted = await submit(ada);
    const [one, other] = [
      new ContestFeed(optionsWith(), contestId),
      new ContestFeed(optionsWith(), contestId),
    ];
    await one.refresh();
    onTestFinished(other.subscribe(() => {}));
    await until(() => other.facts !== undefined);
    await database.execute('DELETE FROM submission WHERE id = ?', [deleted]);
    await setHead(10);
    await one.refresh();
    await setHead(20);
    const added = await submit(bob);
    other.mark(bob.playerId);
    await until(() => other.view('shown').objects('submissions').has(String(added)));
    // A client of `other` goes on at `one`. It still has what was deleted.
    expect(other.view('shown').objects('submissions').has(String(deleted))).toBe(true);
    const entry = other.history('shown').entry(0)?.plain.toString() ?? '';
    const first = one.history('shown').firstAfter(Number(/"token":"(\d+)-/.exec(entry)?.[1]));
    expect(first === undefined || first === 0).toBe(true);
  });

  it('finds a submission whose language alone was changed', async () => {
    const id = await submit(ada);
    const feed = new ContestFeed(optionsWith(), contestId);
    await feed.refresh();
    await database.execute("UPDATE submission SET language = 'java' WHERE id = ?", [id]);
    await feed.refresh();
    const objects = (type: 'languages' | 'submissions') =>
      [...feed.view('shown').objects(type).values()].join();
    expect(objects('languages')).toMatch('"id":"java"');
    expect(objects('languages')).not.toMatch('"id":"cpp"');
    expect(objects('submissions')).toMatch('"language_id":"java"');
  });

  it('sends problems again once no node has older titles: a client that changes nodes gets the new one', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const title = `Renamed ${contestId}`;
    const [one, other] = [
      new ContestFeed(optionsWith(), contestId),
      new ContestFeed(optionsWith(), contestId),
    ];
    const titleOf = (feed: ContestFeed) =>
      (JSON.parse(feed.view('shown').objects('problems').get(String(problem)) ?? '') as { name: string })
        .name;
    await setHead(1);
    await other.refresh();
    await database.execute('UPDATE problem SET title = ? WHERE id = ?', [title, problem]);
    await one.refresh();
    await setHead(10);
    vi.advanceTimersByTime(29_000);
    await other.refresh();
    expect([titleOf(one), titleOf(other)]).toEqual([title, 'Two Sum']);
    // A client of `other` goes on at `one`, at once or later.
    const first = one.history('shown').firstAfter(position);
    vi.advanceTimersByTime(2_000);
    await setHead(20);
    await one.refresh();
    for (const number of [first, one.history('shown').firstAfter(10)])
      expect(one.history('shown').entry(Number(number))?.plain.toString()).toMatch(
        new RegExp(`^{"type":"problems","id":null,"data":\\[.*"${title}"`),
      );
    // Once is enough: tokens that any node issues from now on are from after the change.
    const { next } = one.history('shown');
    vi.advanceTimersByTime(60_000);
    await one.refresh();
    expect(one.history('shown').next).toBe(next);
    await database.execute("UPDATE problem SET title = 'Two Sum' WHERE id = ?", [problem]);
  });

  it('has its participants after a read that failed at its end', async () => {
    let fails = true;
    const query: typeof database.query = async (sql, values) => {
      if (fails && sql.includes('FROM log_head')) throw new Error('lost');
      return database.query(sql, values);
    };
    const execute = database.execute.bind(database);
    const transaction = database.transaction.bind(database);
    const feed = new ContestFeed(optionsWith({ database: { query, execute, transaction } }), contestId);
    await expect(feed.refresh()).rejects.toThrow('lost');
    fails = false;
    await feed.refresh();
    expect(feed.view('shown').objects('teams').size).toBe(2);
  });

  it('encodes everything once for those who open it together, and what changes meanwhile follows', async () => {
    await setHead(1);
    const feed = new ContestFeed(optionsWith(), contestId);
    await feed.refresh();
    const snapshot = feed.snapshot('shown', 'lines');
    await submit(ada);
    await feed.refresh();
    expect(feed.snapshot('shown', 'lines')).toBe(snapshot);
    expect(feed.history('shown').entry(snapshot.next)?.plain.toString()).toContain('"submissions"');
    expect(feed.snapshot('real', 'lines')).not.toBe(snapshot);
  });

  it('ends for its readers when the contest is deleted', async () => {
    const feed = new ContestFeed(optionsWith({ checkMs: 10 }), contestId);
    onTestFinished(feed.subscribe(() => {}));
    await until(() => feed.facts !== undefined);
    await database.execute('DELETE FROM contest_participant WHERE contest_id = ?', [contestId]);
    await database.execute('DELETE FROM contest WHERE id = ?', [contestId]);
    await until(() => feed.closed);
  });

  it('is evicted where as many others as are kept without readers were used later, and not while it may be in use', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const feeds = new ContestFeeds(optionsWith(), 1);
    const first = await feeds.read(contestId);
    expect(await feeds.read(contestId)).toBe(first);
    vi.advanceTimersByTime(10);
    await feeds.read(await createContest(database));
    expect(first?.closed).toBe(false);
    vi.advanceTimersByTime(2_000);
    await feeds.read(await createContest(database));
    expect(first?.closed).toBe(true);
  });

  it('is not read again because of a hidden solve, which only its player is sent', async () => {
    const feeds = new ContestFeeds(optionsWith(), 1);
    const feed = await feeds.read(contestId);
    if (!feed) throw new Error('no such contest');
    const mark = vi.spyOn(feed, 'mark');
    const row = (type: EventType, scope: Scope): LogRow => ({
      id: 2,
      eventId: 1,
      scope,
      type,
      playerId: ada.playerId,
      title: 't',
      message: 'm',
      data: JSON.stringify({ contestId, playerId: ada.playerId, problemId: problem }),
      at: 0,
      term: null,
      tag: null,
    });
    feeds.observe([
      row('PROBLEM_SOLVED', scopes.player(ada.playerId)),
      row('SUBMISSION_JUDGED', scopes.player(ada.playerId)),
    ]);
    expect(mark).not.toHaveBeenCalled();
    feeds.observe([
      row('SUBMISSION_JUDGED', scopes.hidden(contestId)),
      row('PROBLEM_SOLVED', scopes.contest(contestId)),
      row('CONTEST_STATUS', scopes.contest(contestId)),
    ]);
    expect(mark.mock.calls).toEqual([[ada.playerId], [ada.playerId], []]);
  });
});
