import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { deletionOf } from '../../src/events/outbox/table.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import { TRIGGERS } from '../../src/platform/triggers/all.ts';
import { installTriggers } from '../../src/platform/triggers/install.ts';
import { createTestDatabase, onServer, type TestDatabase } from '../support/database/database.ts';
import {
  createContest,
  createPlayer,
  createProblem,
  createUser,
  joinContest,
} from '../support/database/platform.ts';
import {
  openPlatformSession,
  type PlatformSession,
  takeConsequences,
} from '../support/database/platform-session.ts';

/** Per table with triggers, statements of the platform. */
const STATEMENTS: readonly [table: string, steps: readonly string[]][] = [
  ['contest', ['UPDATE contest SET duration_mins = duration_mins + 1']],
  [
    'contest_participant',
    [
      'UPDATE contest_participant SET xp_earned = xp_earned + 1',
      'INSERT INTO contest_participant (contest_id, player_id) VALUES (7, 7)',
      'DELETE FROM contest_participant WHERE contest_id = 7',
    ],
  ],
  ['player', ['UPDATE player SET streak_days = streak_days + 1']],
  [
    'submission',
    [
      "INSERT INTO submission (player_id, problem_id, language) VALUES (7, 7, 'c')",
      "UPDATE submission SET language = CONCAT(language, 'c')",
      'DELETE FROM submission',
    ],
  ],
  [
    'announcement',
    [
      'INSERT INTO announcement (created_by) VALUES (7)',
      'UPDATE announcement SET created_by = 8',
      'DELETE FROM announcement',
    ],
  ],
  ['xp_ledger', ['INSERT INTO xp_ledger (player_id) VALUES (7)']],
  [
    'users',
    [
      "INSERT INTO users (id, name, email, password) VALUES (777, 'Ada', 'ada@example.org', 'x')",
      "UPDATE users SET name = 'Eve' WHERE id = 777",
      'DELETE FROM users WHERE id = 777',
    ],
  ],
];

let made: TestDatabase;
let database: Database;
let platform: PlatformSession;

async function prepareDatabase(tables: readonly string[] = []): Promise<void> {
  made = await createTestDatabase({ migrated: false });
  database = made.database;
  for (const sql of tables) await database.execute(sql);
  await migrate(database);
  await installTriggers(database);
  platform = await openPlatformSession(made.url);
}

afterEach(async () => {
  platform.close();
  await made.drop();
});

const published = () => takeConsequences(database);
const levelUp = (playerId: number) =>
  platform.run("UPDATE player SET level = level + 1, tier = 'GOLD' WHERE id = ?", [playerId]);

describe('Triggers on the platform’s own tables', () => {
  beforeEach(() => prepareDatabase());

  test('publish any name, truncated to the catalogue’s limit', async () => {
    const { playerId, userId } = await createPlayer(database);
    const controls = Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join('');
    const names: [string, string | undefined][] = [
      ['é 日本 😀 \u2028 \ufeff \u007f', 'é 日本 😀 \u2028 \ufeff \u007f'],
      [`"\\/'${controls}`, `"\\/'${controls}`],
      ['{"a": null}', '{"a": null}'],
      ['x'.repeat(100), 'x'.repeat(100)],
      ['😀'.repeat(50), '😀'.repeat(50)],
      [`${'x'.repeat(98)}😀`, `${'x'.repeat(98)}😀`],
      [`${'x'.repeat(99)}😀`, 'x'.repeat(99)],
      ['😀'.repeat(60), '😀'.repeat(40)],
      [' ', ' '],
      ['', undefined],
    ];
    for (const [name, expected] of names) {
      await database.execute('UPDATE users SET name = ? WHERE id = ?', [name, userId]);
      const { warningStatus } = await levelUp(playerId);
      expect(warningStatus).toBe(0);
      const [event] = await published();
      expect(event?.data.playerName).toBe(expected);
      expect(event?.type).toBe('LEVEL_UP');
    }
  });

  test('truncate titles and messages to the catalogue’s limits', async () => {
    const { playerId } = await createPlayer(database);
    const problemId = await createProblem(database, { title: 'p'.repeat(255) });
    const contestId = await createContest(database, { title: `${'c'.repeat(199)}😀${'c'.repeat(50)}` });
    await platform.run(
      "INSERT INTO submission (player_id, problem_id, contest_id, language, verdict, points_earned) VALUES (?, ?, ?, 'c', 'ACCEPTED', -5)",
      [playerId, problemId, contestId],
    );
    const [solved] = await published();
    expect(solved?.data).toMatchObject({ problemTitle: 'p'.repeat(200), contestTitle: 'c'.repeat(199) });
    expect(solved?.data).not.toHaveProperty('points');

    const admin = await createUser(database);
    const announce = (title: string, message: string) =>
      platform.run('INSERT INTO announcement (created_by, title, message) VALUES (?, ?, ?)', [
        admin,
        title,
        message,
      ]);
    await announce('', 'm'.repeat(20_000));
    await announce('Only a title', '');
    await announce('', '');
    expect((await published()).map(({ data }) => [data.title, data.message])).toEqual([
      ['m'.repeat(255), 'm'.repeat(10_000)],
      ['Only a title', 'Only a title'],
    ]);
  });

  test('leave out missing names and unknown tiers and levels', async () => {
    const { playerId, userId } = await createPlayer(database, { level: 0, subRank: '' });
    await platform.run("UPDATE player SET level = 3, tier = 'SILVER', xp = -1 WHERE id = ?", [playerId]);
    await platform.run('UPDATE player SET level = 4 WHERE id = ?', [playerId]);
    await platform.run('UPDATE player SET level = 2000 WHERE id = ?', [playerId]);
    await platform.run("UPDATE player SET tier = 'PLATINUM' WHERE id = ?", [playerId]);
    await platform.run("UPDATE player SET tier = 'GOLD' WHERE id = ?", [playerId]);
    const playerName = 'Somebody';
    await database.execute('UPDATE users SET name = ? WHERE id = ?', [playerName, userId]);
    expect(await published()).toMatchObject([
      { type: 'TIER_UPGRADE', data: { oldTier: 'BRONZE', newTier: 'SILVER' } },
      { type: 'LEVEL_UP', data: { oldLevel: 3, newLevel: 4, tier: 'SILVER' } },
    ]);
  });

  test('work with any session settings', async () => {
    const { playerId } = await createPlayer(database, { name: 'Zoë 😀' });
    await onServer(async (connection) => {
      await connection.query(
        `SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES', SESSION time_zone = '+09:00'`,
      );
      await connection.query('SET NAMES latin1');
      await connection.query(`UPDATE ${database.name}.player SET level = 2, xp = 7 WHERE id = ${playerId}`);
    });
    const [row] = await database.query<{ age: number }>(
      'SELECT ABS(TIMESTAMPDIFF(SECOND, created_at, UTC_TIMESTAMP(3))) AS age FROM event_outbox',
    );
    expect(row?.age).toBeLessThan(60);
    expect((await published())[0]?.data).toMatchObject({ playerName: 'Zoë 😀', xp: 7, newLevel: 2 });
  });

  test.each([
    ['the outbox is gone', 'DROP TABLE event_outbox', 0],
    ['the outbox has another shape', 'ALTER TABLE event_outbox DROP COLUMN idempotency_key', 0],
    ['the outbox is too narrow', 'ALTER TABLE event_outbox MODIFY type VARCHAR(3) NOT NULL', 0],
    [
      'the outbox refuses',
      "CREATE TRIGGER refuses BEFORE INSERT ON event_outbox FOR EACH ROW SIGNAL SQLSTATE '45000'",
      0,
    ],
    ['names are elsewhere', 'ALTER TABLE users DROP COLUMN name', 8],
    ['a column that is only shown is gone', 'ALTER TABLE problem DROP COLUMN difficulty', 8],
  ])('the platform’s statements go on where %s', async (_, sql, rows) => {
    const { playerId } = await createPlayer(database);
    const problemId = await createProblem(database);
    const contestId = await createContest(database);
    const admin = await createUser(database);
    await published();
    await database.execute(sql);
    const steps: [string, unknown[]][] = [
      ['INSERT INTO contest_participant (contest_id, player_id) VALUES (?, ?)', [contestId, playerId]],
      [
        "INSERT INTO submission (player_id, problem_id, contest_id, language, verdict) VALUES (?, ?, ?, 'c', 'PENDING')",
        [playerId, problemId, contestId],
      ],
      ["UPDATE submission SET verdict = 'ACCEPTED'", []],
      ["UPDATE player SET level = 2, tier = 'SILVER' WHERE id = ?", [playerId]],
      ['UPDATE contest_participant SET final_rating = 7', []],
      ["UPDATE contest SET status = 'ENDED'", []],
      ["INSERT INTO announcement (created_by, title, message) VALUES (?, 'A', 'B')", [admin]],
      ['DELETE FROM contest_participant', []],
    ];
    for (const [statement, values] of steps) {
      const { affectedRows, warningStatus } = await platform.run(statement, values);
      expect({ affectedRows, warningStatus }, statement).toEqual({ affectedRows: 1, warningStatus: 0 });
    }
    if (rows > 0)
      expect((await published()).filter(({ type }) => !type.endsWith('_TOUCHED'))).toHaveLength(7);
  });

  test('every table with triggers has statements to try without its columns', () => {
    const tables = STATEMENTS.map(([table]) => table);
    expect(tables.sort()).toEqual([...new Set(TRIGGERS.map(({ table }) => table))].sort());
  });

  test.each(STATEMENTS)(
    'the platform’s statements on %s go on whichever columns of it are gone',
    async (table, steps) => {
      const { playerId } = await createPlayer(database);
      await joinContest(database, { contestId: await createContest(database), playerId });
      await platform.run('SET SESSION foreign_key_checks = 0');
      const keys = ['id', 'user_id', 'contest_id', 'player_id', 'problem_id'];
      const columns = new Set(
        TRIGGERS.filter((trigger) => trigger.table === table).flatMap(({ reads }) => reads[table] ?? []),
      );
      for (const column of [...columns].filter((name) => !keys.includes(name))) {
        await database.execute(`ALTER TABLE ${table} ${await freeing(table, column)} DROP COLUMN ${column}`);
        for (const statement of steps)
          expect((await platform.run(statement)).affectedRows, `${statement} without ${column}`).toBe(1);
      }
    },
  );

  /** What has to be dropped with a column: the foreign keys that it is part of. */
  async function freeing(table: string, column: string): Promise<string> {
    const keys = await database.query<{ name: string }>(
      `SELECT CONSTRAINT_NAME AS name FROM information_schema.KEY_COLUMN_USAGE
        WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND COLUMN_NAME = ? AND REFERENCED_TABLE_NAME IS NOT NULL`,
      [table, column],
    );
    return keys.map(({ name }) => `DROP FOREIGN KEY ${name},`).join(' ');
  }

  test('do not wait for a name that another transaction is changing', async () => {
    const { playerId, userId } = await createPlayer(database, { name: 'Ada' });
    const problemId = await createProblem(database);
    const contestId = await createContest(database);
    await joinContest(database, { contestId, playerId });
    const submit =
      "INSERT INTO submission (player_id, problem_id, contest_id, language, verdict) VALUES (?, ?, ?, 'c', ?)";
    const solved = await platform.run(submit, [playerId, problemId, contestId, 'ACCEPTED']);
    await published();
    // Where the binary log is on and written by statement, the server itself wants the locks.
    await platform.run("SET SESSION binlog_format = 'ROW', SESSION innodb_lock_wait_timeout = 2");
    const pending = [playerId, await createProblem(database), contestId, 'PENDING'];
    const { insertId } = await platform.run(submit, pending);
    const other = await openPlatformSession(made.url);
    await other.run('START TRANSACTION');
    await other.run("UPDATE users SET name = 'Eve' WHERE id = ?", [userId]);
    await other.run("UPDATE problem SET title = 'Other'");
    await other.run("UPDATE submission SET language = 'd' WHERE id = ?", [solved.insertId]);
    await levelUp(playerId);
    await platform.run("UPDATE submission SET verdict = 'ACCEPTED' WHERE id = ?", [insertId]);
    await other.run('ROLLBACK');
    other.close();
    expect((await published()).map(({ type, data }) => [type, data.playerName])).toEqual([
      ['LEVEL_UP', 'Ada'],
      ['TIER_UPGRADE', 'Ada'],
      ['PROBLEM_SOLVED', 'Ada'],
    ]);
  });

  test('do not wait for the relay, which deletes rows of the outbox', async () => {
    const { playerId } = await createPlayer(database);
    await levelUp(playerId);
    const rows = await database.query<{ id: number }>('SELECT id FROM event_outbox');
    await platform.run('SET SESSION innodb_lock_wait_timeout = 1');
    await database.transaction(async (tx) => {
      const [lock = '', remove = ''] = deletionOf(rows.map(({ id }) => id)).sql.split(';');
      await tx.execute(lock);
      expect(await tx.execute(remove)).toMatchObject({ affectedRows: 2 });
      await levelUp(playerId);
    });
    expect((await published()).map(({ key }) => key)).toEqual([`level-up:${playerId}:3`]);
  });

  test('pass a deadlock in the outbox on to the platform, whose transaction is rolled back', async () => {
    const ada = await createPlayer(database, { xp: 1 });
    const eve = await createPlayer(database, { xp: 1 });
    const other = await heavyTransaction();
    await platform.run('START TRANSACTION');
    await platform.run('UPDATE player SET xp = 99 WHERE id = ?', [ada.playerId]);
    const waiting = other.run('UPDATE player SET xp = xp + 1 WHERE id = ?', [ada.playerId]);
    await lockWaits(1);
    await expect(levelUp(eve.playerId)).rejects.toMatchObject({ errno: 1213 });
    await waiting;
    await other.run('ROLLBACK');
    other.close();
    await platform.run('COMMIT');
    expect(await database.query('SELECT xp, level FROM player ORDER BY id')).toEqual([
      { xp: 1, level: 1 },
      { xp: 1, level: 1 },
    ]);
  });

  test('pass a lock wait timeout in the outbox on to the platform, whose statement is rolled back', async () => {
    const { playerId } = await createPlayer(database);
    const other = await heavyTransaction();
    await platform.run('SET SESSION innodb_lock_wait_timeout = 1');
    await expect(levelUp(playerId)).rejects.toMatchObject({ errno: 1205 });
    await other.run('ROLLBACK');
    other.close();
    expect(await database.query('SELECT level FROM player')).toEqual([{ level: 1 }]);
    await levelUp(playerId);
    expect(await published()).toHaveLength(2);
  });

  /** It has written much, so that it is not the victim, and holds the end of the outbox, so that no other transaction can insert. */
  async function heavyTransaction(): Promise<PlatformSession> {
    const other = await openPlatformSession(made.url);
    await other.run('START TRANSACTION');
    const rows = Array.from({ length: 50 }, (_, level) => [level + 100, 1, '', 1]);
    await other.run('INSERT INTO level_config (level, xp_required, sub_rank, xp_to_next) VALUES ?', [rows]);
    await other.run('SELECT id FROM event_outbox FOR UPDATE');
    return other;
  }

  async function lockWaits(count: number): Promise<void> {
    const waiting = async () => {
      const [row] = await database.query<{ n: number }>(
        "SELECT COUNT(*) AS n FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'",
      );
      return row?.n;
    };
    // The server renews this table only where it was not read for 100 ms.
    await expect.poll(waiting, { interval: 150 }).toBeGreaterThanOrEqual(count);
  }
});

test('triggers work on tables of other charsets and types, and without constraints', async () => {
  await prepareDatabase([
    `CREATE TABLE users (id INT UNSIGNED PRIMARY KEY AUTO_INCREMENT, name VARCHAR(300), email VARCHAR(100),
      password VARCHAR(100), role VARCHAR(20), profile_picture TEXT, status VARCHAR(20))
      CHARSET=latin1 COLLATE=latin1_german1_ci`,
    `CREATE TABLE player (id BIGINT UNSIGNED PRIMARY KEY, user_id INT UNSIGNED, xp DECIMAL(20,2), level INT UNSIGNED,
      tier VARCHAR(20), sub_rank VARCHAR(60)) CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci`,
    `CREATE TABLE contest (id BIGINT(20) ZEROFILL PRIMARY KEY, created_by BIGINT, problems LONGTEXT, title TEXT,
      status VARCHAR(20), start_time DATETIME, end_time DATETIME, is_public BIT(1), participant_count BIGINT,
      leaderboard_frozen BIT(1), duration_mins INT, invite_code VARCHAR(9)) CHARSET=latin1`,
    `CREATE TABLE contest_participant (id INT AUTO_INCREMENT PRIMARY KEY, contest_id BIGINT, player_id BIGINT UNSIGNED,
      mode VARCHAR(20), raw_score INT, final_rating DOUBLE, problems_solved INT, penalty_mins INT, last_solved_at TIMESTAMP NULL,
      final_rank INT) CHARSET=utf8mb4 COLLATE=utf8mb4_bin`,
    `CREATE TABLE announcement (id BIGINT PRIMARY KEY AUTO_INCREMENT, title VARBINARY(255), message MEDIUMTEXT,
      type VARCHAR(9), target_role ENUM('ALL','PLAYER','ADMIN'), target_contest BIGINT, is_active BIT(1), expires_at TIMESTAMP NULL)
      CHARSET=latin1`,
  ]);
  const contestId = 9_007_199_254_740_000;
  const playerId = 9_007_199_254_740_991;
  await database.execute("INSERT INTO users (name) VALUES ('Zoë')");
  await database.execute('INSERT INTO player (id, user_id, xp, level, tier) VALUES (?, 1, 7.4, 1, NULL)', [
    playerId,
  ]);
  await database.execute("INSERT INTO contest (id, title, status) VALUES (?, 'Café', NULL)", [contestId]);
  const steps = [
    `INSERT INTO contest_participant (contest_id, player_id) VALUES (${contestId}, ${playerId})`,
    'UPDATE contest_participant SET final_rating = 0.1',
    "UPDATE player SET level = 2, tier = 'bronze'",
    `UPDATE player SET tier = 'silver', sub_rank = '${'é'.repeat(60)}'`,
    'UPDATE users SET name = NULL',
    "UPDATE player SET level = 3, tier = 'GOLD', xp = NULL",
    "UPDATE contest SET status = 'ended', leaderboard_frozen = b'1'",
    "INSERT INTO announcement (title, message, is_active) VALUES ('Tïtle', 'm', b'1')",
    "INSERT INTO announcement (title, message, target_role, is_active) VALUES (x'41ff42', 'mé', 'ALL', NULL)",
    "UPDATE announcement SET is_active = b'1', type = 'warning'",
  ];
  for (const sql of steps) expect((await platform.run(sql)).warningStatus, sql).toBe(0);
  const events = await published();
  expect(events.map(({ type, data }) => ({ type, ...data }))).toMatchObject([
    { type: 'CONTEST_JOINED', contestId, contestTitle: 'Café', players: [{ playerId, playerName: 'Zoë' }] },
    { type: 'STANDINGS_TOUCHED', contestId, playerId },
    { type: 'STANDINGS_TOUCHED', contestId, playerId },
    { type: 'LEVEL_UP', playerId, playerName: 'Zoë', oldLevel: 1, newLevel: 2, xp: 7, tier: 'BRONZE' },
    {
      type: 'TIER_UPGRADE',
      playerName: 'Zoë',
      oldTier: 'BRONZE',
      newTier: 'SILVER',
      subRank: 'é'.repeat(20),
    },
    { type: 'LEVEL_UP', oldLevel: 2, newLevel: 3, tier: 'GOLD' },
    { type: 'TIER_UPGRADE', oldTier: 'SILVER', newTier: 'GOLD' },
    { type: 'CONTEST_STATUS', contestId, contestTitle: 'Café', newStatus: 'ENDED' },
    { type: 'CONTEST_END', contestId },
    { type: 'STANDINGS_TOUCHED', contestId },
    { type: 'ANNOUNCEMENT', announcementId: 1, title: 'Tïtle', message: 'm' },
    { type: 'ANNOUNCEMENT', announcementId: 1, severity: 'WARNING', correction: true },
    { type: 'ANNOUNCEMENT', announcementId: 2, message: 'mé', severity: 'WARNING' },
  ]);
  expect(events[7]?.data).not.toHaveProperty('oldStatus');
  expect(events[8]?.data).not.toHaveProperty('participantCount');
  expect(events[5]?.data).not.toHaveProperty('playerName');
  expect(events[5]?.data).not.toHaveProperty('xp');
});
