import { format } from 'mysql2';
import type { Precondition } from '../log/append-statement.ts';
import { SCORE_FIELDS, type Score } from '../platform/scores.ts';
import { chunk, chunkByBytes } from '../util/chunk.ts';
import { sqlTime } from '../util/sql-time.ts';
import { type Audience, type LeaderboardHead, SCORE_COLUMNS } from './stored-leaderboard.ts';

/** Max rows per statement. */
const MAX_ROWS = 1_000;
/** Max players per CASE: the server walks through all branches for each row. */
const MAX_BRANCHES = 100;

const COLUMNS = SCORE_FIELDS.map((field) => SCORE_COLUMNS[field]);

/** Advances a leaderboard from one version to the next; affects no row where another publisher was faster. */
export function advanceHead(contestId: number, from: LeaderboardHead, to: LeaderboardHead): Precondition {
  return {
    sql: format(
      `UPDATE standings_board SET version = ?, shown_version = ?, frozen = ?, changed_at = UTC_TIMESTAMP(3)
        WHERE contest_id = ? AND version = ? AND shown_version = ? AND frozen = ?`,
      [to.version, to.shownVersion, to.frozen, contestId, from.version, from.shownVersion, from.frozen],
    ),
    expectedRows: 1,
    rows: format('standings_board WHERE contest_id = ?', [contestId]),
  };
}

/** By any other access, a statement would meet the locks of other leaderboards. */
const BY_KEY = 'standings_row FORCE INDEX (PRIMARY)';

/** Rows of a leaderboard, for `Precondition.rows`. */
function rowsOf(contestId: number, audience: Audience, players: readonly number[]): string {
  return format(`${BY_KEY} WHERE contest_id = ? AND audience = ? AND player_id IN (?) AND version + 0 >= 0`, [
    contestId,
    audience,
    [...players],
  ]);
}

/** @param pending rank at which a player's unpublished rank change began, by player */
export function upsertRows(
  contestId: number,
  audience: Audience,
  rows: readonly Score[],
  version: number,
  pending: ReadonlyMap<number, number>,
): Precondition[] {
  const updated = [...COLUMNS.filter((column) => column !== SCORE_COLUMNS.playerId), 'told_from', 'version'];
  const valued = rows.map((row) => ({
    playerId: row.playerId,
    values: format('(?)', [
      [
        contestId,
        audience,
        ...SCORE_FIELDS.map((field) =>
          field === 'lastSolvedAt' ? row.lastSolvedAt && sqlTime(row.lastSolvedAt) : row[field],
        ),
        pending.get(row.playerId) ?? null,
        version,
      ],
    ]),
  }));
  return chunkByBytes(valued, ({ values }) => values, { maxItems: MAX_ROWS }).map((page) => ({
    sql: `INSERT INTO standings_row (contest_id, audience, ${COLUMNS.join(', ')}, told_from, version)
      VALUES ${page.map(({ values }) => values).join(', ')}
      ON DUPLICATE KEY UPDATE ${updated.map((column) => `${column} = VALUES(${column})`).join(', ')}`,
    rows: rowsOf(
      contestId,
      audience,
      page.map(({ playerId }) => playerId),
    ),
  }));
}

export function deleteRows(
  contestId: number,
  audience: Audience,
  players: readonly number[],
): Precondition[] {
  return chunk(players, MAX_ROWS).map((page) => {
    const rows = rowsOf(contestId, audience, page);
    return { sql: `DELETE standings_row FROM ${rows}`, rows };
  });
}

/** Saves the ranks at which unpublished rank changes began, of players whose rows do not change otherwise. */
export function savePendingRankChanges(contestId: number, from: ReadonlyMap<number, number>): Precondition[] {
  return chunk([...from], MAX_BRANCHES).map((page) => {
    const players = page.map(([playerId]) => playerId);
    return {
      sql: format(
        `UPDATE ${BY_KEY} SET told_from = CASE player_id ${page.map(() => 'WHEN ? THEN ?').join(' ')} END
          WHERE contest_id = ? AND audience = 'shown' AND player_id IN (?)`,
        [...page.flat(), contestId, players],
      ),
      rows: rowsOf(contestId, 'shown', players),
    };
  });
}

/** Clears the pending rank changes of these players, together with the events that publish them. */
export function clearPendingRankChanges(contestId: number, players: readonly number[]): Precondition[] {
  return chunk(players, MAX_ROWS).map((page) => ({
    sql: format(
      `UPDATE ${BY_KEY} SET told_from = NULL WHERE contest_id = ? AND audience = 'shown' AND player_id IN (?)`,
      [contestId, page],
    ),
    rows: rowsOf(contestId, 'shown', page),
  }));
}

/** Copies the shown rows for admins: from here on those follow the scores. */
export function forkFrozenBoard(contestId: number): Precondition {
  const columns = [...COLUMNS, 'version'].join(', ');
  return {
    sql: format(
      `INSERT INTO standings_row (contest_id, audience, ${columns})
       SELECT contest_id, 'real', ${columns} FROM standings_row WHERE contest_id = ? AND audience = 'shown'`,
      [contestId],
    ),
  };
}

/** Replaces the shown rows by the real ones, when a leaderboard is unfrozen. */
export function mergeFrozenBoard(contestId: number): Precondition[] {
  return [
    {
      sql: format(`DELETE FROM standings_row WHERE contest_id = ? AND audience = 'shown'`, [contestId]),
      rows: format(`${BY_KEY} WHERE contest_id = ? AND version + 0 >= 0`, [contestId]),
    },
    {
      sql: format(`UPDATE ${BY_KEY} SET audience = 'shown' WHERE contest_id = ? AND audience = 'real'`, [
        contestId,
      ]),
    },
  ];
}
