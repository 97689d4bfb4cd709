import type { Queries } from '../db/database.ts';
import type { Role } from '../protocol/enums.ts';
import type { InboxScopeKind } from '../protocol/inbox-scope-kinds.ts';
import { ROLE_SCOPES, type Scope, scopes } from '../protocol/scope.ts';

/** Scopes of each kind that one inbox consists of. */
const OF_KIND: Readonly<Record<InboxScopeKind, (owner: Owner) => Scope[]>> = {
  player: ({ playerId }) => [scopes.player(playerId)],
  contest: ({ joined }) => joined.map(scopes.contest),
  global: () => [scopes.global],
  players: ofRole('PLAYER'),
  admins: ofRole('ADMIN'),
  companies: ofRole('COMPANY'),
};

interface Owner {
  readonly playerId: number;
  readonly role: Role | null;
  readonly joined: readonly number[];
}

function ofRole(role: Role) {
  return (owner: Owner): Scope[] => (owner.role === role ? [scopes[ROLE_SCOPES[role]]] : []);
}

/**
 * Scopes that a player's inbox consists of: the player's own, the contests that the player joined, `global`, and that of the role. Of their
 * notifications the inbox holds those of the types that `protocol/inbox-scope-kinds.ts` names. The procedure `live_acknowledge`
 * repeats this rule in SQL.
 */
export async function inboxScopes(database: Pick<Queries, 'query'>, playerId: number): Promise<Scope[]> {
  const rows = await database.query<{ id: number | null; role: Role | null }>(
    `SELECT contest_id AS id, NULL AS role FROM contest_participant WHERE player_id = ?
     UNION ALL SELECT NULL, u.role FROM player p JOIN users u ON u.id = p.user_id WHERE p.id = ?`,
    [playerId, playerId],
  );
  const joined = rows.flatMap(({ id }) => id ?? []);
  const role = rows.find((row) => row.role !== null)?.role ?? null;
  return Object.values(OF_KIND).flatMap((scopesOf) => scopesOf({ playerId, role, joined }));
}

/** One player's inbox. */
export interface PlayerInbox {
  readonly playerId: number;
  readonly scopes: readonly Scope[];
}

/** SQL condition with `?` placeholders, and their values. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** Condition that row `n` of `notification` is in an inbox of these scopes. */
export function inInbox(inbox: readonly Scope[]): Condition {
  const { sql, values } = anyOf('n.scope', inbox);
  return { sql: `${sql} AND n.inbox = 1`, values };
}

/** Max values per list. MariaDB joins a longer one as a table (`in_predicate_conversion_threshold`) and scans the index. */
const MAX_LISTED = 500;

/** Condition that a column holds one of many values. An index on it is read in ranges, however many they are. */
export function anyOf(column: string, values: readonly (string | number)[]): Condition {
  if (values.length === 0) return { sql: 'FALSE', values: [] };
  const lists: (readonly (string | number)[])[] = [];
  for (let at = 0; at < values.length; at += MAX_LISTED) lists.push(values.slice(at, at + MAX_LISTED));
  return { sql: `(${lists.map(() => `${column} IN (?)`).join(' OR ')})`, values: lists };
}
