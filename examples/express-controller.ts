/**
 * An Express controller of the platform with live events: its own statements, unchanged, and one call for each event.
 * `test/examples/express.test.ts` runs this file.
 */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createPublisher, type Publisher } from 'codecraft-live/publisher';
import express, { type RequestHandler, type Router } from 'express';
import type { Pool, RowDataPacket } from 'mysql2/promise';

export interface Platform {
  readonly db: Pool;
  /** Puts `playerId` and `playerName` into `res.locals`, as the login does. */
  readonly login: RequestHandler;
  readonly judge: (problemId: number, source: string) => Promise<'ACCEPTED' | 'WRONG_ANSWER'>;
  /** The address of CodeCraft Live, and a service token (`codecraft-live token --service platform`). */
  readonly live: { readonly url: string; readonly token: string };
}

/** One publisher for the process, closed after the last request; what it still holds is sent first. */
export async function serve(
  platform: Platform,
  port: number,
): Promise<{ server: Server; close(): Promise<void> }> {
  const live = createPublisher(platform.live);
  const app = express().use(express.json(), platform.login, contestRoutes(platform, live));
  const server = app.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    server,
    async close() {
      server.close();
      await once(server, 'close');
      await live.close();
    },
  };
}

function contestRoutes({ db, judge }: Platform, live: Publisher): Router {
  const router = express.Router();

  router.post('/contests/:contestId/submissions', async (req, res) => {
    const { playerId, playerName } = res.locals as { playerId: number; playerName: string };
    const contestId = Number(req.params.contestId);
    const { problemId, source } = req.body as { problemId: number; source: string };
    const problem = await one<Problem>(db, 'SELECT title, points, difficulty FROM problem WHERE id = ?', [
      problemId,
    ]);
    const isRepeat = await one(
      db,
      `SELECT id FROM submission
        WHERE player_id = ? AND problem_id = ? AND contest_id = ? AND verdict = 'ACCEPTED' LIMIT 1`,
      [playerId, problemId, contestId],
    );
    await db.query(
      `INSERT INTO submission (player_id, problem_id, contest_id, language, verdict)
        VALUES (?, ?, ?, 'typescript', 'PENDING')`,
      [playerId, problemId, contestId],
    );
    const verdict = await judge(problemId, source);
    await db.query(
      `UPDATE submission SET verdict = ?
        WHERE player_id = ? AND problem_id = ? AND contest_id = ? AND verdict = 'PENDING'`,
      [verdict, playerId, problemId, contestId],
    );
    if (problem && verdict === 'ACCEPTED' && !isRepeat) {
      const { title: problemTitle, points, difficulty } = problem;
      const { before, now } = await grantXp(db, playerId, contestId, points);
      await db.query(
        `UPDATE contest_participant SET raw_score = raw_score + ?, final_rating = final_rating + ?,
          problems_solved = problems_solved + 1, last_solved_at = NOW() WHERE contest_id = ? AND player_id = ?`,
        [points, points, contestId, playerId],
      );

      // The added lines. Nothing is awaited and nothing throws: the player gets the verdict, whatever state the live
      // service is in. The leaderboard and the rank changes follow from contest_participant by themselves.
      const who = { playerId, playerName };
      live.problemSolved({ ...who, contestId, problemId, problemTitle, points, difficulty });
      if (now.level > before.level)
        live.playerLevelUp({ ...who, oldLevel: before.level, newLevel: now.level, subRank: now.sub_rank });
      if (now.tier !== before.tier)
        live.playerTierUpgrade({ ...who, oldTier: before.tier, newTier: now.tier, subRank: now.sub_rank });
    }
    res.status(201).json({ verdict });
  });

  router.post('/announcements', async (req, res) => {
    const { title, message } = req.body as { title: string; message: string };
    // Where the answer depends on it, it is awaited: this throws when the event will not be published.
    const { eventId } = await live.announcement({ title, message }).confirmed;
    res.status(201).json({ eventId });
  });

  return router;
}

type Tier = 'BRONZE' | 'SILVER' | 'GOLD';
type Problem = { title: string; points: number; difficulty: 'EASY' | 'MEDIUM' | 'HARD' };
type Standing = { xp: number; level: number; tier: Tier };
type Level = { level: number; tier: Tier; sub_rank: string };

async function grantXp(db: Pool, playerId: number, contestId: number, points: number) {
  await db.query(
    "INSERT INTO xp_ledger (player_id, contest_id, source, final_xp) VALUES (?, ?, 'CONTEST', ?)",
    [playerId, contestId, points],
  );
  await db.query('UPDATE player SET xp = xp + ? WHERE id = ?', [points, playerId]);
  const before = await one<Standing>(db, 'SELECT xp, level, tier FROM player WHERE id = ?', [playerId]);
  const now = await one<Level>(
    db,
    'SELECT level, tier, sub_rank FROM level_config WHERE xp_required <= ? ORDER BY level DESC LIMIT 1',
    [before?.xp],
  );
  if (!before || !now) throw new Error(`there is no player ${playerId}`);
  await db.query('UPDATE player SET level = ?, tier = ?, sub_rank = ? WHERE id = ?', [
    now.level,
    now.tier,
    now.sub_rank,
    playerId,
  ]);
  return { before, now };
}

async function one<T = unknown>(db: Pool, sql: string, values: unknown[]): Promise<T | undefined> {
  const [rows] = await db.query<RowDataPacket[]>(sql, values);
  return rows[0] as T | undefined;
}
