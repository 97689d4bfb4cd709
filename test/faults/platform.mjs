const PLAYERS = 40;
const PLAYER_ID_OFFSET = 5_000;

/** Writes users, players and contests (every second one private), and says who may read what. */
export async function seedPlatform(database, random) {
  const connection = await database.connect();
  const insert = async (sql, values) => (await connection.query(sql, values))[0].insertId;
  const user = (name, role) =>
    insert('INSERT INTO users (name, email, password, role, status) VALUES (?, ?, ?, ?, ?)', [
      name,
      `${name}@example.test`,
      '-',
      role,
      'ACTIVE',
    ]);
  const admin = await user('admin', 'ADMIN');
  const players = [];
  for (let i = 0; i < PLAYERS; i++) {
    const userId = await user(`player-${i}`, 'PLAYER');
    const id = userId + PLAYER_ID_OFFSET;
    await connection.query(
      "INSERT INTO player (id, user_id, xp, level, tier, sub_rank) VALUES (?, ?, 0, 1, 'BRONZE', 'Bronze I')",
      [id, userId],
    );
    players.push({ id, userId });
  }
  const contests = [];
  for (let i = 0; i < 6; i++) {
    const isPublic = i % 2 === 0;
    const id = await insert(
      `INSERT INTO contest (created_by, problems, title, status, start_time, end_time, duration_mins, is_public,
        leaderboard_frozen) VALUES (?, '[]', ?, 'LIVE', '2026-01-01 00:00:00', '2037-01-01 00:00:00', 90, ?, 0)`,
      [admin, `Contest ${i}`, isPublic],
    );
    const members = new Set();
    for (const player of players)
      if (random.below(3) === 0) {
        members.add(player.id);
        await connection.query('INSERT INTO contest_participant (contest_id, player_id) VALUES (?, ?)', [
          id,
          player.id,
        ]);
      }
    contests.push({ id, isPublic, members });
  }
  await connection.end();
  const mayReadContest = (player, contest) => contest.isPublic || contest.members.has(player.id);
  const scopesOf = (player) => [
    `player:${player.id}`,
    ...contests
      .filter((contest) => mayReadContest(player, contest))
      .map((contest) => `contest:${contest.id}`),
  ];
  const readable = new Map(players.map((player) => [player, new Set(['global', ...scopesOf(player)])]));
  return {
    adminId: admin,
    players,
    contests,
    scopesOf,
    /** All scopes but `global`. */
    scopes: [...players.map(({ id }) => `player:${id}`), ...contests.map(({ id }) => `contest:${id}`)],
    mayRead: (player, scope) => readable.get(player).has(scope),
    targets: [
      { scope: 'global', data: {} },
      ...players.map(({ id }) => ({ scope: `player:${id}`, data: { playerId: id } })),
      ...contests.map(({ id }) => ({ scope: `contest:${id}`, data: { contestId: id } })),
    ],
  };
}
