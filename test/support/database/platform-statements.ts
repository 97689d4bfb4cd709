/** SQL with `?`, and the values for them. */
export type Statement = readonly [sql: string, values: readonly unknown[]];

/** Whom and what the statements are about. */
export interface Cast {
  readonly contestId: number;
  readonly playerId: number;
  readonly problemId: number;
}

/** What the platform does, as its own statements in its own order. */
export const statements = {
  join: ({ contestId, playerId }: Cast): Statement[] => [
    [
      "INSERT INTO contest_participant (contest_id, player_id, mode) VALUES (?, ?, 'GRINDER')",
      [contestId, playerId],
    ],
    ['UPDATE contest SET participant_count = participant_count + 1 WHERE id = ?', [contestId]],
  ],
  submit: ({ contestId, playerId, problemId }: Cast): Statement[] => [
    [
      "INSERT INTO submission (player_id, problem_id, contest_id, language, verdict) VALUES (?, ?, ?, 'cpp', 'PENDING')",
      [playerId, problemId, contestId],
    ],
  ],
  accept: (
    { contestId, playerId }: Cast,
    submissionId: number,
    after: { xp: number; level: number; tier: string; subRank: string },
  ): Statement[] => [
    ["UPDATE submission SET verdict = 'ACCEPTED', points_earned = 100 WHERE id = ?", [submissionId]],
    [
      "INSERT INTO xp_ledger (player_id, contest_id, source, final_xp) VALUES (?, ?, 'SUBMISSION', ?)",
      [playerId, contestId, after.xp],
    ],
    ['UPDATE player SET xp = xp + ? WHERE id = ?', [after.xp, playerId]],
    [
      'UPDATE player SET level = ?, tier = ?, sub_rank = ? WHERE id = ?',
      [after.level, after.tier, after.subRank, playerId],
    ],
    [
      `UPDATE contest_participant SET raw_score = raw_score + 100, final_rating = final_rating + 100,
        problems_solved = problems_solved + 1, xp_earned = xp_earned + ?, last_solved_at = NOW()
       WHERE contest_id = ? AND player_id = ?`,
      [after.xp, contestId, playerId],
    ],
  ],
};
