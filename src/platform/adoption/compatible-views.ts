import type { StoredDefinition } from '../../db/definitions.ts';

/** Columns of the platform's tables, by table, in lower case. */
export type PlatformColumns = ReadonlyMap<string, ReadonlySet<string>>;

const SELECTION = /^CREATE OR REPLACE SQL SECURITY INVOKER VIEW `\w+` AS\n/m;

/** Aliases of the tables that our view of leaderboards joins, in the order in which a column is looked for. */
const JOINED = [
  ['contest_participant', 'cp'],
  ['player', 'p'],
] as const;

/** Columns of a row per player in the old view of sessions, over ours as `s`. */
const PER_PLAYER: Readonly<Record<string, string>> = {
  player_id: 's.`player_id`',
  player_name: 'MAX(s.`player_name`)',
  active_connections: 'COUNT(*)',
  // Old times were in the session's zone.
  last_active: "MAX(FROM_UNIXTIME(TIMESTAMPDIFF(SECOND, '1970-01-01', s.`last_heartbeat_at`)))",
};

/**
 * Makes the statement that gives one of our views the columns of the old one. The leaderboard keeps its own columns, too. The
 * old view of sessions had a row per player, and has it again. A column that our tables do not have is NULL.
 */
export function compatibleView(
  { name, sql }: Pick<StoredDefinition, 'name' | 'sql'>,
  old: readonly string[],
  own: readonly string[],
  platform: PlatformColumns,
): string {
  if (name === 'v_active_sessions' && old.includes('active_connections')) {
    const columns = old.map((column) => `${PER_PLAYER[column] ?? 'NULL'} AS \`${column}\``);
    return `${createOf(sql)}SELECT ${columns.join(', ')}
FROM (${sql.slice(createEnd(sql)).replace(/;\s*$/, '')}) s
WHERE s.\`player_id\` IS NOT NULL GROUP BY s.\`player_id\``;
  }
  const added = old
    .filter((column) => !own.includes(column))
    .map((column) => `,\n\t${expressionOf(name, column, platform)} AS \`${column}\``);
  return sql.replace('\nFROM ', `${added.join('')}\nFROM `);
}

function expressionOf(view: string, column: string, platform: PlatformColumns): string {
  if (view !== 'v_contest_leaderboard') return 'NULL';
  // Other columns of `users`, such as the password, are not shown.
  if (column === 'profile_picture') return 'u.`profile_picture`';
  const found = JOINED.find(([table]) => platform.get(table)?.has(column));
  return found === undefined ? 'NULL' : `${found[1]}.\`${column}\``;
}

const createEnd = (sql: string): number => {
  const match = SELECTION.exec(sql);
  return match === null ? 0 : match.index + match[0].length;
};
const createOf = (sql: string): string => sql.slice(0, createEnd(sql));
