import type { Database, Queries } from '../../../src/db/database.ts';
import { createTables } from '../../../src/platform/tables/create.ts';
import { PLATFORM_TABLES } from '../../../src/platform/tables/definitions.ts';

/** The tables, views and procedures that the platform's Socket.IO generation left behind. */

export interface OldTables {
  /** What follows each CREATE TABLE: engine, charset. */
  readonly options?: string;
  /** The type of columns with a moment. */
  readonly moment?: 'TIMESTAMP' | 'DATETIME';
  /** The type of columns with JSON: a server may never have checked what they hold. */
  readonly json?: 'JSON' | 'LONGTEXT';
}

/** Its views stand on tables of the platform, which must be there. */
export async function createSocketIoTables(
  database: Queries,
  { options = 'ENGINE=InnoDB CHARSET=utf8mb4', moment = 'TIMESTAMP', json = 'JSON' }: OldTables = {},
): Promise<void> {
  await database.execute(
    `CREATE TABLE notification (
      id BIGINT PRIMARY KEY AUTO_INCREMENT,
      player_id BIGINT NOT NULL,
      type ENUM('LEVEL_UP','RANK_CHANGE','CONTEST_START','LEADERBOARD_UPDATE','ACHIEVEMENT','ANNOUNCEMENT') NOT NULL,
      title VARCHAR(255) NOT NULL,
      message TEXT NOT NULL,
      data ${json},
      is_read BOOLEAN DEFAULT FALSE,
      created_at ${moment} NULL DEFAULT CURRENT_TIMESTAMP,
      read_at ${moment} NULL,
      KEY idx_player (player_id, is_read)
    ) ${options}`,
  );
  await database.execute(
    `CREATE TABLE activity_log (
      id BIGINT PRIMARY KEY AUTO_INCREMENT,
      player_id BIGINT NOT NULL,
      action_type ENUM('LEVEL_UP','PROBLEM_SOLVED','CONTEST_JOINED','CONTEST_FINISHED','RANK_CHANGED','TIER_UPGRADED',
        'ACHIEVEMENT_EARNED') NOT NULL,
      contest_id BIGINT NULL,
      problem_id BIGINT NULL,
      old_value ${json},
      new_value ${json},
      timestamp ${moment} NULL DEFAULT CURRENT_TIMESTAMP,
      is_broadcasted BOOLEAN DEFAULT FALSE,
      KEY idx_broadcast (is_broadcasted)
    ) ${options}`,
  );
  await database.execute(
    `CREATE TABLE websocket_session (
      id BIGINT PRIMARY KEY AUTO_INCREMENT,
      player_id BIGINT NOT NULL,
      session_id VARCHAR(255) NOT NULL UNIQUE,
      connected_at ${moment} NULL DEFAULT CURRENT_TIMESTAMP,
      disconnected_at ${moment} NULL,
      is_active BOOLEAN DEFAULT TRUE,
      last_heartbeat ${moment} NULL
    ) ${options}`,
  );
  for (const sql of [...VIEWS, ...PROCEDURES]) await database.execute(sql);
}

/** Of old databases: columns and order as callers know them. */
const VIEWS = [
  `CREATE VIEW v_contest_leaderboard AS
   SELECT cp.contest_id, cp.player_id, cp.final_rank, cp.final_rating, cp.problems_solved, cp.xp_earned,
     u.name AS player_name, u.profile_picture, p.tier, p.level, p.global_rank, cp.joined_at, cp.last_solved_at
   FROM contest_participant cp JOIN player p ON p.id = cp.player_id JOIN users u ON u.id = p.user_id
   ORDER BY cp.contest_id, cp.final_rank`,
  `CREATE VIEW v_active_sessions AS
   SELECT w.player_id, u.name AS player_name, COUNT(w.id) AS active_connections, MAX(w.last_heartbeat) AS last_active
   FROM websocket_session w JOIN player p ON p.id = w.player_id JOIN users u ON u.id = p.user_id
   WHERE w.is_active = TRUE GROUP BY w.player_id, u.name`,
];

/** Of old databases: two have an OUT parameter with the id of what they inserted. */
const PROCEDURES = [
  `CREATE PROCEDURE sp_log_activity(
     IN p_player_id BIGINT, IN p_action_type VARCHAR(50), IN p_contest_id BIGINT, IN p_problem_id BIGINT,
     IN p_old_value JSON, IN p_new_value JSON, OUT out_activity_id BIGINT)
   BEGIN
     INSERT INTO activity_log (player_id, action_type, contest_id, problem_id, old_value, new_value, timestamp)
     VALUES (p_player_id, p_action_type, p_contest_id, p_problem_id, p_old_value, p_new_value, NOW());
     SET out_activity_id = LAST_INSERT_ID();
   END`,
  `CREATE PROCEDURE sp_create_notification(
     IN p_player_id BIGINT, IN p_notification_type VARCHAR(50), IN p_title VARCHAR(255), IN p_message TEXT, IN p_data JSON)
   INSERT INTO notification (player_id, type, title, message, data)
   VALUES (p_player_id, p_notification_type, p_title, p_message, p_data)`,
  `CREATE PROCEDURE sp_register_websocket_session(
     IN p_player_id BIGINT, IN p_session_id VARCHAR(255), OUT out_session_id BIGINT)
   BEGIN
     INSERT INTO websocket_session (player_id, session_id, is_active) VALUES (p_player_id, p_session_id, TRUE);
     SET out_session_id = LAST_INSERT_ID();
   END`,
  `CREATE PROCEDURE sp_disconnect_websocket_session(IN p_session_id VARCHAR(255))
   UPDATE websocket_session SET is_active = FALSE, disconnected_at = NOW() WHERE session_id = p_session_id`,
  `CREATE PROCEDURE sp_get_unbroadcasted_activities(IN p_limit INT)
   SELECT id, player_id, action_type, contest_id, problem_id, old_value, new_value, timestamp
   FROM activity_log WHERE is_broadcasted = FALSE ORDER BY timestamp DESC LIMIT p_limit`,
  `CREATE PROCEDURE sp_mark_activities_broadcasted(IN p_activity_ids JSON)
   UPDATE activity_log SET is_broadcasted = TRUE WHERE JSON_CONTAINS(p_activity_ids, CAST(id AS CHAR))`,
];

/** The platform's own tables, and none of ours. */
export async function createPlatformTables(database: Pick<Database, 'connect'>): Promise<void> {
  const connection = await database.connect();
  await createTables(connection, PLATFORM_TABLES);
  connection.destroy();
}

interface OldNotification {
  readonly player_id: number | null;
  readonly type?: string | null;
  readonly title?: string;
  readonly message?: string;
  readonly data?: string | null;
  readonly is_read?: boolean | null;
  /** In the connection's zone, UTC: `2026-01-02 03:04:05`. */
  readonly created_at?: string | null;
  readonly read_at?: string | null;
}

export async function notifyOld(database: Queries, notification: OldNotification): Promise<number> {
  const row = {
    type: 'ANNOUNCEMENT',
    title: 'Title',
    message: 'Message',
    data: null,
    is_read: false,
    created_at: '2026-01-02 03:04:05',
    read_at: null,
    ...notification,
  };
  const { insertId } = await database.execute(
    `INSERT INTO notification (${Object.keys(row).join(', ')}) VALUES (?)`,
    [Object.values(row)],
  );
  return insertId;
}
