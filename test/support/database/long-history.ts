import type { RowDataPacket } from 'mysql2/promise';
import type { Database } from '../../../src/db/database.ts';

/** What a long history was generated for. */
export interface LongHistory {
  /** Rows of the log. */
  readonly rows: number;
  /** The player that nearly a third of the log's rows belong to, all of them kept by the inbox. */
  readonly playerId: number;
  readonly userId: number;
  readonly adminId: number;
  /** A contest that is live, with 2,000 participants. */
  readonly contestId: number;
  readonly problemId: number;
}

const USERS = 20_000;
const CONTESTS = 1_000;

/**
 * Fills the tables as years of use would, within the server: nothing is sent but statements. `database` has to be migrated.
 * A few rows are past their retention.
 *
 * @param rows of the log, a power of two; the other histories have a quarter of them
 */
export async function createLongHistory(database: Database, rows: number): Promise<LongHistory> {
  const history = { rows, playerId: 101, userId: 1, adminId: 2, contestId: 1, problemId: 1 };
  const made = await database.connect({ statementTimeoutMs: 0 });
  await made.query('SET SESSION foreign_key_checks = 0, SESSION unique_checks = 0');
  await made.query('CREATE TABLE numbers (n INT NOT NULL PRIMARY KEY)');
  await made.query('INSERT INTO numbers VALUES (1)');
  for (let count = 1; count < Math.max(rows, 65_536); count *= 2)
    await made.query('INSERT INTO numbers SELECT n + ? FROM numbers', [count]);

  await made.query(
    `INSERT INTO users (id, name, email, password, role)
     SELECT n, CONCAT('User ', n), CONCAT('u', n, '@history.test'), '-', IF(n = 2, 'ADMIN', 'PLAYER') FROM numbers WHERE n <= ?`,
    [USERS],
  );
  await made.query(
    `INSERT INTO player (id, user_id, xp) SELECT n + 100, n, MOD(n * 7919, 70000) FROM numbers WHERE n <= ? AND n <> 2`,
    [USERS],
  );
  await made.query(
    `INSERT INTO problem (id, title, difficulty, points, description, examples, test_cases)
     SELECT n, CONCAT('Problem ', n), 'EASY', 100, '{}', '[]', '[]' FROM numbers WHERE n <= 200`,
  );
  await made.query(
    `INSERT INTO contest (id, created_by, problems, title, status, start_time, end_time, duration_mins)
     SELECT n, 2, '[1, 2, 3]', CONCAT('Contest ', n), IF(n <= 3, 'LIVE', 'ENDED'),
       '2026-01-01', IF(n <= 3, '2100-01-01', '2026-01-02'), 90 FROM numbers WHERE n <= ?`,
    [CONTESTS],
  );
  // The first contest has 2,000 participants, each other one fifty; the first player is in forty of them.
  await made.query(
    `INSERT IGNORE INTO contest_participant (contest_id, player_id, final_rating)
     SELECT 1, n + 100, MOD(n, 97) FROM numbers WHERE n <= 2001 AND n <> 2
     UNION ALL SELECT 1 + MOD(n, ${CONTESTS - 1}), 103 + MOD(n * 31, 19000), MOD(n, 97) FROM numbers WHERE n <= 50000
     UNION ALL SELECT n, 101, 1 FROM numbers WHERE n BETWEEN 2 AND 40`,
  );
  await made.query(
    `INSERT INTO submission (player_id, problem_id, contest_id, language, verdict)
     SELECT 103 + MOD(n * 31, 19000), 1 + MOD(n, 200), IF(MOD(n, 3) = 0, 1 + MOD(n, ${CONTESTS}), NULL), 'cpp',
       IF(MOD(n, 2) = 0, 'ACCEPTED', 'WRONG_ANSWER') FROM numbers WHERE n <= ?`,
    [rows / 4],
  );
  await made.query(
    `INSERT INTO xp_ledger (player_id, contest_id, source, final_xp)
     SELECT 103 + MOD(n * 31, 19000), 1 + MOD(n, ${CONTESTS}), 'SUBMISSION', 10 FROM numbers WHERE n <= ?`,
    [rows / 4],
  );
  await made.query(
    `INSERT INTO notification (id, event_id, scope, keep_class, type, inbox, player_id, title, message, data, created_at)
     SELECT n, n,
       CASE WHEN MOD(n, 10) < 3 THEN 'player:101' WHEN MOD(n, 10) < 6 THEN CONCAT('player:', 103 + MOD(n * 31, 19000))
         WHEN MOD(n, 10) = 6 AND MOD(n, 5000) <> 6 THEN CONCAT('contest:', 1 + MOD(n, 40)) WHEN MOD(n, 10) = 7 THEN CONCAT('problem:', 1 + MOD(n, 200))
         ELSE 'global' END,
       CASE WHEN MOD(n, 10) < 6 THEN 'player' WHEN MOD(n, 10) = 6 AND MOD(n, 5000) <> 6 THEN 'contest' WHEN MOD(n, 10) = 7 THEN 'problem' ELSE 'global' END,
       CASE WHEN MOD(n, 5000) = 6 THEN 'ANNOUNCEMENT' WHEN MOD(n, 10) < 6 AND MOD(n, 400) = 1 THEN 'ACHIEVEMENT'
         WHEN MOD(n, 10) < 6 OR MOD(n, 10) = 7 THEN 'PROBLEM_SOLVED' WHEN MOD(n, 10) = 6 THEN 'CONTEST_JOINED' ELSE 'LEVEL_UP' END,
       MOD(n, 10) < 6 OR MOD(n, 5000) = 6,
       101, 'Title', 'Message', '{"playerId":101,"problemId":1}',
       UTC_TIMESTAMP(3) - INTERVAL IF(n <= 1500, 400, 1) DAY
     FROM numbers WHERE n <= ?`,
    [rows],
  );
  await made.query('UPDATE log_head SET head = ?, tag = NULL, tagged_head = NULL', [rows]);
  await made.query(
    `INSERT INTO notification_receipt (player_id, notification_id, seen_at, read_at, archived_at, changed_at)
     SELECT 101, n, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), IF(MOD(n, 100) = 1, UTC_TIMESTAMP(3), NULL), NULL FROM numbers
      WHERE n <= ? AND MOD(n, 10) < 9`,
    [rows - 3_000],
  );
  await made.query(
    `INSERT INTO activity_log (player_id, action_type, contest_id, problem_id, timestamp, event_id, is_broadcasted)
     SELECT IF(MOD(n, 4) = 0, 101, 103 + MOD(n * 31, 19000)), 'PROBLEM_SOLVED', 1, 1, UTC_TIMESTAMP(3), n, 1 FROM numbers WHERE n <= ?`,
    [rows / 4],
  );
  await made.query(
    `INSERT INTO stream_session (stream_id, node_id, user_id, player_id, scopes, connected_at, last_heartbeat_at,
       last_delivered_id, disconnected_at, close_reason, changed_at)
     SELECT CONCAT('history-', n), CONCAT('node-', MOD(n, 50)), 3 + MOD(n, 15000), 103 + MOD(n, 15000), '["global"]', UTC_TIMESTAMP(3) - INTERVAL 2 DAY,
       UTC_TIMESTAMP(3) - INTERVAL 1 DAY, 1, UTC_TIMESTAMP(3) - INTERVAL IF(n <= 500, 100, 1) DAY, 'gone', NULL FROM numbers WHERE n <= ?`,
    [rows / 4],
  );
  await made.query(
    `INSERT INTO log_key (idempotency_key, fingerprint, first_id, expires_at)
     SELECT CONCAT('history-', n), REPEAT('x', 32), n, UTC_TIMESTAMP(3) + INTERVAL IF(n <= 500, -1, 20) DAY FROM numbers WHERE n <= ?`,
    [rows / 4],
  );
  await made.query(
    `INSERT INTO event_outbox (type, payload, created_at, failed_at, error)
     SELECT 'LEVEL_UP', '{}', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), 'is not valid' FROM numbers WHERE n <= 65536`,
  );
  await made.query('DROP TABLE numbers');
  const [tables] = await made.query<RowDataPacket[]>(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'",
  );
  await made.query(`ANALYZE TABLE ${tables.map(({ name }) => `\`${name}\``).join(', ')}`);
  await made.end();
  return history;
}
