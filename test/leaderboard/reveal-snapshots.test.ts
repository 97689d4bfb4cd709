import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CellsReader } from '../../src/leaderboard/cells/cells-reader.ts';
import { ContestReveals } from '../../src/leaderboard/reveal/contest-reveals.ts';
import { RevealSnapshots } from '../../src/leaderboard/reveal/reveal-snapshots.ts';
import { SERVER_CLOCK } from '../../src/platform/clock.ts';
import { installTriggers } from '../../src/platform/triggers/install.ts';
import type { RevealStandings } from '../../src/protocol/api/reveal.ts';
import { createProblem, setFrozen, setScore } from '../support/database/platform.ts';
import { type LeaderboardFixture, openLeaderboards } from './fixture.ts';

const VIEWERS = 200;

let test: LeaderboardFixture;
beforeAll(async () => {
  test = await openLeaderboards();
  await installTriggers(test.database);
});
afterAll(async () => {
  await test.drop();
});

/** A contest that ended while it was frozen, with two hidden solves. */
async function frozenContest(): Promise<number> {
  const { database } = test;
  const { contestId, playerIds } = await test.contestOf([300, 200, 100]);
  const problemId = await createProblem(database);
  await database.execute('UPDATE contest SET problems = ? WHERE id = ?', [`[${problemId}]`, contestId]);
  const publisher = await test.load(contestId);
  await publisher.update('all');
  await setFrozen(database, contestId, true);
  for (const playerId of playerIds.slice(1)) {
    await database.execute(
      `INSERT INTO submission (player_id, problem_id, contest_id, language, verdict, points_earned, submitted_at)
       VALUES (?, ?, ?, 'cpp', 'ACCEPTED', 100, UTC_TIMESTAMP())`,
      [playerId, problemId, contestId],
    );
    await setScore(database, contestId, playerId, 400);
  }
  await publisher.update('all');
  await database.execute("UPDATE contest SET status = 'ENDED' WHERE id = ?", [contestId]);
  return contestId;
}

/** A node: its snapshots, which follow the log, and the number of statements that its reads sent. */
function openNode() {
  const { database } = test;
  let term = 't';
  let statements = 0;
  const counted = {
    ...database,
    query: ((sql: string, values?: unknown[]) => {
      statements++;
      return database.query(sql, values);
    }) as typeof database.query,
  };
  const cells = new CellsReader({ database: counted, clock: SERVER_CLOCK });
  const reveals = new ContestReveals({ ...test.options(), database: counted });
  const snapshots = new RevealSnapshots({
    reveals,
    leaderboards: test.reader,
    cells,
    cursor: () => `${test.rows.at(-1)?.id ?? 0}-${term}`,
  });
  let seen = test.rows.length;
  /** Follows the log up to its end. */
  const follow = () => {
    const rows = test.rows.slice(seen);
    seen = test.rows.length;
    cells.observe(rows);
    snapshots.observe(rows);
  };
  return {
    snapshots,
    follow,
    /** Resets the log: another term begins. */
    reset(): void {
      term = 'u';
      snapshots.reset();
    },
    /** Runs something. @returns number of statements that it sent, beside those of the leaderboard's reader */
    async count(work: () => Promise<unknown>): Promise<number> {
      statements = 0;
      await work();
      return statements;
    },
  };
}

/** Statements of the leaderboard's reader, until the test ends. */
function countReads(): { readonly calls: number } {
  const read = test.reader.read.bind(test.reader);
  const counter = { calls: 0 };
  test.reader.read = (...args) => {
    counter.calls++;
    return read(...args);
  };
  onTestFinished(() => {
    test.reader.read = read;
  });
  return counter;
}

const parsed = ({ body }: { readonly body: Uint8Array }) =>
  JSON.parse(new TextDecoder().decode(body)) as RevealStandings;

describe('The opening of a reveal', () => {
  it('costs the same reads and one body, however many watch it', async () => {
    const reveals = new ContestReveals(test.options());
    const costs: { readonly statements: number; readonly reads: number }[] = [];
    for (const viewers of [1, VIEWERS]) {
      const contestId = await frozenContest();
      const node = openNode();
      const reader = countReads();
      // Everybody had asked before, when nothing was open.
      expect((await node.snapshots.read(contestId, { freezeNo: 0, step: 0 })).body).toHaveLength(0);
      await reveals.open(contestId);
      node.follow();
      const before = reader.calls;
      const bodies = new Set<Uint8Array>();
      const watch = async () => {
        const snapshot = await node.snapshots.read(contestId, { freezeNo: 1, step: 0 });
        bodies.add(snapshot.body);
      };
      // Half of them at once, and the others one after another.
      const statements = await node.count(async () => {
        await Promise.all(Array.from({ length: Math.ceil(viewers / 2) }, watch));
        for (let viewer = Math.ceil(viewers / 2); viewer < viewers; viewer++) await watch();
      });
      expect(bodies.size).toBe(1);
      const [body] = bodies;
      const answer = parsed({ body: body as Uint8Array });
      expect(answer).toMatchObject({ state: 'open', freezeNo: 1, step: 0, last: { pending: 2 }, total: 3 });
      expect(answer.rows.map((row) => [row.finalRating, row.cells.length])).toEqual([
        [300, 0],
        [200, 1],
        [100, 1],
      ]);
      costs.push({ statements, reads: reader.calls - before });
    }
    expect(costs[1]).toEqual(costs[0]);
  });

  it('and each step are read anew once: by the log, and where a caller knows more than this node', async () => {
    const contestId = await frozenContest();
    const reveals = new ContestReveals(test.options());
    await reveals.open(contestId);
    const node = openNode();
    const first = await node.snapshots.read(contestId, { freezeNo: 1, step: 0 });
    await reveals.take(contestId, 1, 'cell');
    // This node has not followed the log: who knows of no step gets what it has, and who knows of one gets that.
    expect(await node.snapshots.read(contestId, { freezeNo: 1, step: 0 })).toBe(first);
    const second = await node.snapshots.read(contestId, { freezeNo: 1, step: 1 });
    expect(second).toMatchObject({ freezeNo: 1, step: 1 });
    expect(second.etag).not.toBe(first.etag);
    node.follow();
    const third = await node.snapshots.read(contestId, { freezeNo: 0, step: 0 });
    expect(parsed(third)).toMatchObject({ step: 1, last: { step: 1 }, total: 3 });
    // Of a freeze that is known to be later there is none.
    expect(await node.snapshots.read(contestId, { freezeNo: 9, step: 0 })).toMatchObject({ freezeNo: 1 });
    // After a reset of the log, no answer has a cursor from before it.
    const late = node.snapshots.read(contestId, { freezeNo: 9, step: 0 });
    node.reset();
    await late;
    const fourth = await node.snapshots.read(contestId, { freezeNo: 0, step: 0 });
    expect([fourth.etag, parsed(fourth).cursor.endsWith('-u')]).toEqual([third.etag, true]);
    await reveals.take(contestId, 2, 'all');
    node.follow();
    expect((await node.snapshots.read(contestId, { freezeNo: 1, step: 2 })).body).toHaveLength(0);
  });
});
