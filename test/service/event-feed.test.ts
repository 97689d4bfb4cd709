import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { installTriggers } from '../../src/platform/triggers/install.ts';
import { type FeedReader, type FeedReplica, openFeed } from '../clics/fixture.ts';
import { openSpecification } from '../clics/specification.ts';
import { createFrozenContest, REVEAL_ORDER } from '../support/database/frozen-contest.ts';
import {
  createContest,
  createPlayer,
  createProblem,
  createSubmission,
  createUser,
  judge,
  type PlayerIds,
  setFrozen,
} from '../support/database/platform.ts';
import { note, prepareService, startServiceOn } from '../support/service.ts';
import { until } from '../support/until.ts';
import { FAST, readPage } from '../support/wire/leaderboard-http.ts';

interface ScoreboardRow {
  readonly team_id: string;
  readonly rank: number;
  readonly score: { readonly num_solved: number };
  readonly problems: readonly {
    readonly problem_id: string;
    readonly num_judged: number;
    readonly num_pending: number;
    readonly solved: boolean;
  }[];
}

describe('The event feed of a contest', { timeout: 120_000 }, () => {
  const live = prepareService({ ...FAST, HEARTBEAT_INTERVAL: '1000' });
  let database: Database;
  let problems: [number, number];
  let ada: PlayerIds;
  let bob: PlayerIds;
  let adminId: number;

  beforeAll(async () => {
    database = live.test.database;
    await installTriggers(database);
    problems = [await createProblem(database, { title: 'Anagrams' }), await createProblem(database)];
    ada = await createPlayer(database, { name: 'Ada' });
    bob = await createPlayer(database, { name: 'Bob' });
    adminId = await createUser(database, { role: 'ADMIN' });
  });

  const contest = () => createContest(database, { problems, startedMinutesAgo: 30, players: [ada, bob] });

  async function submit(
    contestId: number,
    { playerId }: PlayerIds,
    problemId: number,
    verdict?: string,
    minutesAgo = 0,
  ): Promise<string> {
    const id = await createSubmission(database, { contestId, playerId, problemId, minutesAgo });
    if (verdict !== undefined) await judge(database, id, verdict);
    return String(id);
  }
  /** Ends a contest as the platform does: its status, then final ranks, then the winners. */
  async function end(contestId: number, { playerId }: PlayerIds): Promise<void> {
    await database.execute("UPDATE contest SET status = 'ENDED' WHERE id = ?", [contestId]);
    await database.execute(
      'UPDATE contest_participant SET final_rank = 1 + (player_id <> ?) WHERE contest_id = ?',
      [playerId, contestId],
    );
    await database.execute(
      `UPDATE contest SET winner_ids = (SELECT JSON_ARRAY(id) FROM contest_participant
        WHERE contest_id = ? AND player_id = ?) WHERE id = ?`,
      [contestId, playerId, contestId],
    );
  }

  const path = (contestId: number) => `${live.url}/clics/contests/${contestId}`;
  const bearer = async (userId: number) => ({ authorization: `Bearer ${await live.token(userId)}` });
  async function follow(contestId: number, userId: number, replica?: FeedReplica): Promise<FeedReader> {
    const feed = await openFeed(`${path(contestId)}/event-feed`, await bearer(userId), replica);
    onTestFinished(() => feed.close());
    return feed;
  }
  const get = async (url: string, userId: number) => {
    const response = await fetch(url, { headers: await bearer(userId) });
    return { status: response.status, body: await response.json() };
  };
  function expectSound(...feeds: FeedReader[]): void {
    for (const { replica } of feeds) expect([...replica.faults, ...replica.broken]).toEqual([]);
  }

  it('has every object, follows submissions, verdicts and rejudgements, and equals its endpoints', async () => {
    const contestId = await contest();
    const [first, second] = problems;
    await submit(contestId, ada, first, 'WRONG_ANSWER', 20);
    const feed = await follow(contestId, bob.userId);
    await feed.until((replica) => replica.token !== undefined);
    expectSound(feed);
    expect([...feed.replica.of('teams').values()].map(({ name }) => name)).toEqual(['Ada', 'Bob']);
    expect([...feed.replica.of('problems').values()].map(({ label, name }) => [label, name])).toEqual([
      ['A', 'Anagrams'],
      ['B', 'Two Sum'],
    ]);
    expect(feed.replica.state).toMatchObject({ ended: null, frozen: null, end_of_updates: null });
    const pending = await submit(contestId, bob, second);
    await feed.until((replica) => replica.of('submissions').has(pending));
    expect(feed.replica.verdicts[pending]).toBeUndefined();
    await judge(database, Number(pending), 'ACCEPTED');
    await feed.until((replica) => replica.verdicts[pending] === 'AC');
    expect(feed.replica.award(`first-to-solve-${second}`)).toEqual([String(bob.playerId)]);
    await judge(database, Number(pending), 'COMPILATION_ERROR');
    await feed.until((replica) => replica.verdicts[pending] === 'CE');
    expect(feed.replica.award(`first-to-solve-${second}`)).toEqual([]);
    await judge(database, Number(pending), 'PENDING');
    await feed.until((replica) => !(pending in replica.verdicts));
    await database.execute('DELETE FROM submission WHERE id = ?', [pending]);
    await feed.until((replica) => !replica.of('submissions').has(pending));
    expectSound(feed);
    for (const type of [
      'judgement-types',
      'languages',
      'problems',
      'teams',
      'submissions',
      'judgements',
      'awards',
    ] as const)
      expect((await get(`${path(contestId)}/${type}`, bob.userId)).body).toEqual([
        ...feed.replica.of(type).values(),
      ]);
    for (const [end, type] of [
      ['', 'contest'],
      ['/state', 'state'],
    ] as const)
      expect((await get(path(contestId) + end, bob.userId)).body).toEqual(feed.replica.of(type).get(''));
    const listed = (await get(`${live.url}/clics/contests`, bob.userId)).body as object[];
    expect(listed).toContainEqual(feed.replica.of('contest').get(''));
  });

  it('sends players no verdict of what was submitted after a freeze until it is over, and admins all', async () => {
    const contestId = await contest();
    const [first, second] = problems;
    const before = await submit(contestId, ada, first, 'PENDING', 10);
    const [players, admins] = [await follow(contestId, bob.userId), await follow(contestId, adminId)];
    await setFrozen(database, contestId, true);
    await players.until(({ state }) => typeof state.frozen === 'string');
    expect(players.replica.of('contest').get('')?.scoreboard_freeze_duration).not.toBeNull();
    const [good, bad] = [
      await submit(contestId, ada, second, 'ACCEPTED'),
      await submit(contestId, bob, second, 'WRONG_ANSWER'),
    ];
    await judge(database, Number(before), 'ACCEPTED');
    await admins.until(({ verdicts }) => [good, bad, before].every((id) => id in verdicts));
    await players.until(({ verdicts }) => before in verdicts);
    await players.until((replica) => replica.of('submissions').size === 3);
    expect(players.replica.verdicts).toEqual({ [before]: 'AC' });
    expect(admins.replica.verdicts).toEqual({ [before]: 'AC', [good]: 'AC', [bad]: 'WA' });
    expect(players.replica.award(`first-to-solve-${second}`)).toEqual([]);
    expect(admins.replica.award(`first-to-solve-${second}`)).toEqual([String(ada.playerId)]);
    await end(contestId, ada);
    await admins.until((replica) => replica.award('winner') !== undefined);
    await players.until(({ state }) => typeof state.ended === 'string');
    expect((await get(`${path(contestId)}/awards/winner`, bob.userId)).status).toBe(404);
    expect((await get(`${path(contestId)}/judgements/${good}`, bob.userId)).status).toBe(404);
    expect((await get(`${path(contestId)}/judgements/${good}`, adminId)).status).toBe(200);
    for (const { replica } of [players, admins])
      expect(replica.state).toMatchObject({ thawed: null, end_of_updates: null });
    await setFrozen(database, contestId, false);
    for (const feed of [players, admins]) {
      await feed.until(({ state }) => typeof state.end_of_updates === 'string');
      expect(feed.replica.verdicts).toEqual({ [before]: 'AC', [good]: 'AC', [bad]: 'WA' });
      expect(feed.replica.award('winner')).toEqual([String(ada.playerId)]);
      expect(feed.lines.at(-1)?.type).toBe('state');
      const { started, frozen, ended, thawed, finalized, end_of_updates: over } = feed.replica.state;
      const instants = [started, frozen, ended, thawed].map((at) => Date.parse(String(at)));
      expect(instants).toEqual([...instants].sort((a, b) => a - b));
      expect(Date.parse(String(over))).toBeGreaterThanOrEqual(Date.parse(String(finalized)));
    }
    expectSound(players, admins);
  });

  it('opens what a reveal opens, step by step, and the scoreboard has the ranks of the standings all the time', async () => {
    const reader = await live.token(bob.userId);
    const { contestId, players, problems } = await createFrozenContest(
      database,
      async (id) => (await readPage(live, id, reader, 'cells=1')).rows,
    );
    const userId = players[3].userId;
    const [shown, real] = [await follow(contestId, userId), await follow(contestId, adminId)];
    const submissions = await database.query<{ id: number; playerId: number; problemId: number }>(
      'SELECT id, player_id AS playerId, problem_id AS problemId FROM submission WHERE contest_id = ?',
      [contestId],
    );
    const idOf = ([who, which]: readonly [number, number]) =>
      String(
        submissions.find(
          ({ playerId, problemId }) =>
            playerId === players[who as 0]?.playerId && problemId === problems[which as 0],
        )?.id,
      );
    const hidden = REVEAL_ORDER.map(idOf);
    const before = submissions.map(({ id }) => String(id)).filter((id) => !hidden.includes(id));
    const { faultsIn } = openSpecification();
    /** Compares the scoreboard with the standings, and with what the feed makes of each cell. */
    async function expectScoreboard(feed: FeedReader, viewerId: number): Promise<void> {
      const { body } = await get(`${path(contestId)}/scoreboard`, viewerId);
      expect(faultsIn('scoreboard', body)).toEqual([]);
      expect(body.state).toEqual((await get(`${path(contestId)}/state`, viewerId)).body);
      const standings = await readPage(live, contestId, await live.token(viewerId));
      expect(
        body.rows.map(({ team_id, rank, score }: ScoreboardRow) => [team_id, rank, score.num_solved]),
      ).toEqual(standings.rows.map((row) => [String(row.playerId), row.rank, row.problemsSolved]));
      for (const { team_id, problems: cells } of body.rows as ScoreboardRow[]) {
        expect(feed.replica.of('teams').has(team_id)).toBe(true);
        expect(cells.map(({ problem_id }) => problem_id)).toEqual([...feed.replica.of('problems').keys()]);
        for (const { problem_id, num_judged, num_pending, solved } of cells) {
          const own = [...feed.replica.of('submissions').values()].filter(
            (submission) => submission.team_id === team_id && submission.problem_id === problem_id,
          );
          const verdicts = own.map(({ id }) => feed.replica.verdicts[String(id)]);
          expect([num_judged, num_pending, solved]).toEqual([
            verdicts.filter((verdict) => verdict !== undefined).length,
            verdicts.filter((verdict) => verdict === undefined).length,
            verdicts.includes('AC'),
          ]);
        }
      }
    }

    await real.until(({ verdicts }) => hidden.every((id) => id in verdicts));
    await shown.until((replica) => replica.token !== undefined);
    expect(Object.keys(shown.replica.verdicts).sort()).toEqual(before.toSorted());
    await expectScoreboard(shown, userId);
    await expectScoreboard(real, adminId);
    const post = async (end: string, body?: object) => {
      const json = body ? { 'content-type': 'application/json' } : {};
      const response = await fetch(`${live.url}/contests/${contestId}/reveal${end}`, {
        method: 'POST',
        headers: { ...(await bearer(adminId)), ...json },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      expect(response.status).toBe(200);
    };
    await post('');
    for (const index of hidden.keys()) {
      await post('/steps', { step: index + 1 });
      const opened = [...before, ...hidden.slice(0, index + 1)];
      await shown.until(({ verdicts }) => opened.every((id) => id in verdicts));
      expect(Object.keys(shown.replica.verdicts).sort()).toEqual(opened.toSorted());
      if (index < hidden.length - 1) await expectScoreboard(shown, userId);
    }
    for (const feed of [shown, real])
      await feed.until(({ state }) => typeof state.end_of_updates === 'string');
    await until(async () => !(await readPage(live, contestId, reader)).frozen);
    await expectScoreboard(shown, userId);
    expect((await get(`${path(contestId)}/scoreboard?group_id=1`, userId)).status).toBe(404);
    expectSound(shown, real);
  });

  it('is resumed by its tokens and by cursors of streams: with what changed, also what was deleted', async () => {
    const contestId = await contest();
    const [first] = problems;
    const one = await submit(contestId, ada, first);
    const feed = await follow(contestId, bob.userId);
    await feed.until((replica) => replica.token !== undefined);
    const two = await submit(contestId, bob, first, 'WRONG_ANSWER');
    await feed.until(({ verdicts }) => two in verdicts);
    // The log goes on, so that the next token is above what the node read first.
    await live.publish({ type: 'ANNOUNCEMENT', data: { title: 't', message: 'm', playerId: ada.playerId } });
    const { replica } = feed;
    const { token: before } = replica;
    // A token is from before the last poll, and a request polls.
    expect((await get(`${path(contestId)}/state`, bob.userId)).status).toBe(200);
    await judge(database, Number(two), 'TIME_LIMIT_EXCEEDED');
    await feed.until(({ verdicts, token }) => verdicts[two] === 'TLE' && token !== before);
    feed.close();
    await judge(database, Number(one), 'ACCEPTED');
    await database.execute('DELETE FROM submission WHERE id = ?', [two]);
    const resumed = await follow(contestId, bob.userId, replica);
    await resumed.until(({ verdicts }) => one in verdicts && !(two in verdicts));
    expect(resumed.lines.map(({ type }) => type)).not.toContain('teams');
    expect(replica.broken).toEqual([]);
    resumed.close();
    // A cursor of this log that is older than what the node knows: whole collections, which replace what the client has.
    replica.token = `0-${replica.token?.split('-')[1]}`;
    const whole = await follow(contestId, bob.userId, replica);
    await whole.until(({ token }) => !token?.startsWith('0-'));
    expect(whole.lines.filter(({ type }) => type === 'submissions')).toMatchObject([
      { id: null, data: [{ id: one }] },
    ]);
    expect([...replica.faults, ...replica.broken]).toEqual([]);
    for (const token of ['nonsense', '1', '5-zzzz', `999999-${replica.token?.split('-')[1]}`]) {
      const refused = await get(`${path(contestId)}/event-feed?since_token=${token}`, bob.userId);
      expect(refused).toMatchObject({ status: 400, body: { code: 'invalid-query' } });
    }
  });

  it('sends everything to a client that may have lost commits, once the log shows a failover', async () => {
    const contestId = await contest();
    const [first] = problems;
    const feed = await follow(contestId, bob.userId);
    const { replica } = feed;
    await feed.until(() => replica.token !== undefined);
    const early = await submit(contestId, bob, first);
    await feed.until(() => replica.of('submissions').has(early));
    const before = replica.token;
    await live.publish(note(ada.playerId, 'so that the next token is above what the node read first'));
    expect((await get(`${path(contestId)}/state`, bob.userId)).status).toBe(200);
    const kept = await submit(contestId, ada, first);
    await feed.until(({ token }) => replica.of('submissions').has(kept) && token !== before);
    feed.close();
    // Sent by another node, before the commit was lost.
    const lost = '987654321';
    const loseCommit = () =>
      replica.of('submissions').set(lost, { ...replica.of('submissions').get(kept), id: lost });
    loseCommit();
    const { token } = replica;
    const resumed = await follow(contestId, bob.userId, replica);
    const later = await submit(contestId, bob, first);
    await resumed.until(() => replica.of('submissions').has(later));
    expect(replica.of('submissions').has(lost)).toBe(true);
    expect(resumed.lines.map(({ type }) => type)).not.toContain('teams');
    // The first append of another process begins a term.
    const next = await startServiceOn({ ...live.test, drop: async () => {} });
    onTestFinished(() => next.close());
    expect((await next.publish(note(ada.playerId, 'after the failover'))).status).toBe(201);
    await resumed.until(() => !replica.of('submissions').has(lost));
    expect([...replica.of('submissions').keys()]).toEqual([early, kept, later]);
    resumed.close();
    // One that comes later, with the same token.
    replica.token = token;
    loseCommit();
    const late = await follow(contestId, bob.userId, replica);
    await late.until(() => !replica.of('submissions').has(lost));
    expectSound(late);
  });

  it('sends everything to a client whose token is of the other audience', async () => {
    const contestId = await contest();
    const [first] = problems;
    await setFrozen(database, contestId, true);
    const hidden = await submit(contestId, ada, first, 'ACCEPTED');
    const admin = await follow(contestId, adminId);
    const { replica } = admin;
    await admin.until(({ verdicts, token }) => hidden in verdicts && token !== undefined);
    const before = replica.token;
    await live.publish(note(ada.playerId, 'so that the next token is above what the node read first'));
    expect((await get(`${path(contestId)}/state`, adminId)).status).toBe(200);
    await submit(contestId, bob, first);
    await admin.until(({ token }) => token !== before);
    admin.close();
    const player = await follow(contestId, bob.userId, replica);
    await player.until(({ verdicts }) => !(hidden in verdicts));
    expectSound(player);
    player.close();
    const again = await follow(contestId, adminId, replica);
    await again.until(({ verdicts }) => hidden in verdicts);
    expectSound(again);
  });

  it('stays open with newlines, takes a token as a password, and ends with the right to it', async () => {
    const contestId = await contest();
    await database.execute('UPDATE contest SET is_public = FALSE WHERE id = ?', [contestId]);
    const token = await live.token(ada.userId);
    const authorization = `Basic ${Buffer.from(`tool:${token}`).toString('base64')}`;
    const feed = await openFeed(`${path(contestId)}/event-feed`, { authorization });
    onTestFinished(() => feed.close());
    await feed.until(() => feed.keepalives >= 2);
    expectSound(feed);
    expect((await fetch(`${live.url}/contests`, { headers: { authorization } })).status).toBe(401);
    await database.execute('DELETE FROM contest_participant WHERE contest_id = ? AND player_id = ?', [
      contestId,
      ada.playerId,
    ]);
    await feed.until(() => feed.ended);
  });
});
