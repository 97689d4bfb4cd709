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
  await database.execute(
    `CREATE VIEW v_active_sessions AS
     SELECT player_id, COUNT(*) AS sessions FROM websocket_session WHERE is_active GROUP BY player_id`,
  );
  await database.execute(
    `CREATE VIEW v_contest_leaderboard AS
     SELECT contest_id, player_id, final_rank FROM contest_participant ORDER BY final_rating DESC`,
  );
  await database.execute(
    `CREATE PROCEDURE sp_create_notification(IN p_player BIGINT, IN p_type VARCHAR(50), IN p_title VARCHAR(255))
     INSERT INTO notification (player_id, type, title, message) VALUES (p_player, p_type, p_title, '')`,
  );
  await database.execute(
    `CREATE PROCEDURE sp_log_activity(IN p_player BIGINT)
     INSERT INTO activity_log (player_id, action_type) VALUES (p_player, 'LEVEL_UP')`,
  );
}

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
