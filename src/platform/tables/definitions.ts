import { CONTEST_STATUSES, DIFFICULTIES, MODES, ROLES, SEVERITIES, TIERS } from '../../protocol/enums.ts';

/** Table of the platform: created where it is missing, checked where it exists. */
export interface PlatformTable {
  readonly name: string;
  /** Columns and keys, as in CREATE TABLE. */
  readonly columns: readonly string[];
  readonly foreignKeys?: readonly string[];
  /** Columns that the service reads. */
  readonly needs: readonly string[];
}

const ID = 'id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY';
const enumOf = (words: readonly string[]) => `ENUM(${words.map((word) => `'${word}'`).join(', ')})`;

const TIER = `${enumOf(TIERS)} NOT NULL DEFAULT 'BRONZE'`;
const CREATED_AT = 'created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP';

/** Every table of the platform that the service reads, each after those it refers to. */
export const PLATFORM_TABLES: readonly PlatformTable[] = [
  {
    name: 'users',
    columns: [
      ID,
      'name VARCHAR(100) NOT NULL',
      'email VARCHAR(255) NOT NULL UNIQUE',
      'password VARCHAR(255) NOT NULL',
      `role ${enumOf(ROLES)} NOT NULL DEFAULT 'PLAYER'`,
      'profile_picture VARCHAR(500)',
      "status ENUM('ACTIVE', 'DORMANT', 'BANNED', 'SUSPENDED') NOT NULL DEFAULT 'ACTIVE'",
      CREATED_AT,
    ],
    needs: ['id', 'name', 'role', 'profile_picture', 'status'],
  },
  {
    name: 'player',
    columns: [
      ID,
      'user_id BIGINT NOT NULL UNIQUE',
      'xp INT NOT NULL DEFAULT 0',
      'global_rank INT',
      'level SMALLINT NOT NULL DEFAULT 1',
      `tier ${TIER}`,
      "sub_rank VARCHAR(20) NOT NULL DEFAULT 'Bronze I'",
      "status VARCHAR(20) NOT NULL DEFAULT 'ACTIVE'",
      'streak_days INT NOT NULL DEFAULT 0',
      'total_contests INT NOT NULL DEFAULT 0',
      'total_wins INT NOT NULL DEFAULT 0',
      'KEY player_xp (xp)',
    ],
    foreignKeys: ['FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE'],
    needs: ['id', 'user_id', 'xp', 'level', 'tier', 'sub_rank'],
  },
  {
    name: 'level_config',
    columns: [
      'level SMALLINT NOT NULL PRIMARY KEY',
      'xp_required INT NOT NULL',
      `tier ${TIER}`,
      'sub_rank VARCHAR(20) NOT NULL',
      'xp_to_next INT NOT NULL',
    ],
    needs: ['level', 'xp_required', 'tier', 'sub_rank'],
  },
  {
    name: 'problem',
    columns: [
      ID,
      'title VARCHAR(255) NOT NULL',
      `difficulty ${enumOf(DIFFICULTIES)} NOT NULL`,
      'points SMALLINT NOT NULL',
      'description JSON NOT NULL',
      'examples JSON NOT NULL',
      'test_cases JSON NOT NULL',
      CREATED_AT,
    ],
    needs: ['id', 'title', 'difficulty', 'points'],
  },
  {
    name: 'contest',
    columns: [
      ID,
      'created_by BIGINT NOT NULL',
      'problems JSON NOT NULL',
      'title VARCHAR(255) NOT NULL',
      `status ${enumOf(CONTEST_STATUSES)} NOT NULL DEFAULT 'DRAFT'`,
      'start_time DATETIME NOT NULL',
      'end_time DATETIME NOT NULL',
      'duration_mins INT NOT NULL',
      'is_public BOOLEAN NOT NULL DEFAULT TRUE',
      'invite_code VARCHAR(20)',
      'participant_count INT NOT NULL DEFAULT 0',
      'leaderboard_frozen BOOLEAN NOT NULL DEFAULT FALSE',
      'winner_ids JSON',
      CREATED_AT,
      'KEY contest_status (status)',
    ],
    foreignKeys: ['FOREIGN KEY (created_by) REFERENCES users (id)'],
    needs: [
      'id',
      'created_by',
      'problems',
      'title',
      'status',
      'start_time',
      'end_time',
      'is_public',
      'participant_count',
      'leaderboard_frozen',
    ],
  },
  {
    name: 'contest_participant',
    columns: [
      ID,
      'contest_id BIGINT NOT NULL',
      'player_id BIGINT NOT NULL',
      `mode ${enumOf(MODES)} NOT NULL DEFAULT 'PRECISION'`,
      'raw_score INT NOT NULL DEFAULT 0',
      'accuracy_score DECIMAL(10,2) NOT NULL DEFAULT 0',
      'xp_score DECIMAL(10,2) NOT NULL DEFAULT 0',
      'final_rating DECIMAL(10,2) NOT NULL DEFAULT 0',
      'problems_solved INT NOT NULL DEFAULT 0',
      'penalty_mins INT NOT NULL DEFAULT 0',
      'final_rank INT',
      'xp_earned INT NOT NULL DEFAULT 0',
      'last_solved_at TIMESTAMP NULL DEFAULT NULL',
      'joined_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP',
      'UNIQUE KEY contest_participant_once (contest_id, player_id)',
      'KEY contest_participant_standing (contest_id, final_rating, last_solved_at)',
    ],
    foreignKeys: [
      'FOREIGN KEY (contest_id) REFERENCES contest (id) ON DELETE CASCADE',
      'FOREIGN KEY (player_id) REFERENCES player (id) ON DELETE CASCADE',
    ],
    needs: [
      'contest_id',
      'player_id',
      'mode',
      'final_rating',
      'problems_solved',
      'penalty_mins',
      'last_solved_at',
    ],
  },
  {
    name: 'submission',
    columns: [
      ID,
      'player_id BIGINT NOT NULL',
      'problem_id BIGINT NOT NULL',
      'contest_id BIGINT',
      'language VARCHAR(30) NOT NULL',
      `verdict ENUM('PENDING', 'ACCEPTED', 'WRONG_ANSWER', 'TIME_LIMIT_EXCEEDED', 'MEMORY_LIMIT_EXCEEDED',
        'RUNTIME_ERROR', 'COMPILATION_ERROR') NOT NULL DEFAULT 'PENDING'`,
      'points_earned SMALLINT NOT NULL DEFAULT 0',
      'submitted_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP',
      'KEY submission_solved (contest_id, player_id, problem_id, verdict)',
    ],
    foreignKeys: [
      'FOREIGN KEY (player_id) REFERENCES player (id) ON DELETE CASCADE',
      'FOREIGN KEY (problem_id) REFERENCES problem (id)',
      'FOREIGN KEY (contest_id) REFERENCES contest (id) ON DELETE CASCADE',
    ],
    needs: ['id', 'player_id', 'problem_id', 'contest_id', 'verdict'],
  },
  {
    name: 'xp_ledger',
    columns: [
      ID,
      'player_id BIGINT NOT NULL',
      'contest_id BIGINT',
      'source VARCHAR(50) NOT NULL',
      'final_xp INT NOT NULL',
      CREATED_AT,
    ],
    foreignKeys: [
      'FOREIGN KEY (player_id) REFERENCES player (id) ON DELETE CASCADE',
      'FOREIGN KEY (contest_id) REFERENCES contest (id) ON DELETE SET NULL',
    ],
    needs: [],
  },
  {
    name: 'announcement',
    columns: [
      ID,
      'created_by BIGINT NOT NULL',
      'title VARCHAR(255) NOT NULL',
      'message TEXT NOT NULL',
      `type ${enumOf(SEVERITIES)} NOT NULL DEFAULT 'INFO'`,
      'target_role VARCHAR(20)',
      'target_contest BIGINT',
      'is_active BOOLEAN NOT NULL DEFAULT TRUE',
      'expires_at DATETIME',
      CREATED_AT,
    ],
    foreignKeys: [
      'FOREIGN KEY (created_by) REFERENCES users (id)',
      'FOREIGN KEY (target_contest) REFERENCES contest (id) ON DELETE CASCADE',
    ],
    needs: [],
  },
];
