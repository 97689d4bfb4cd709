import type { Config } from '../config/config.ts';
import type { Queries } from '../db/database.ts';
import { CliFailure } from './failure.ts';

/** User for whom a token can be made. */
export interface Person {
  readonly userId: number;
  readonly playerId: number | undefined;
  readonly name: string;
  readonly status: string;
}

type Reads = Pick<Queries, 'query'>;

const SELECT = `SELECT u.id AS userId, p.id AS playerId, u.name, u.status
  FROM users u LEFT JOIN player p ON p.user_id = u.id`;

/** Reads the user of a player. @throws CliFailure when there is no such player. */
export async function personOfPlayer(database: Reads, playerId: number): Promise<Person> {
  const [row] = await database.query<Row>(`${SELECT} WHERE p.id = ?`, [playerId]);
  if (row === undefined) throw new CliFailure(`There is no player ${playerId} in this database.`);
  return personOf(row);
}

/** Reads a user. @throws CliFailure when there is no such user. */
export async function personOfUser(database: Reads, userId: number): Promise<Person> {
  const [row] = await database.query<Row>(`${SELECT} WHERE u.id = ?`, [userId]);
  if (row === undefined) throw new CliFailure(`There is no user ${userId} in this database.`);
  return personOf(row);
}

/** Reads the first active admin. @throws CliFailure when there is none. */
export async function anAdmin(database: Reads): Promise<Person> {
  const [row] = await database.query<Row>(
    `${SELECT} WHERE u.role = 'ADMIN' AND u.status = 'ACTIVE' ORDER BY u.id LIMIT 1`,
  );
  if (row === undefined) throw new CliFailure('There is no active admin in this database.');
  return personOf(row);
}

/** Returns the secret that signs users' tokens. @throws CliFailure where tokens are not signed with a shared secret. */
export function requireSharedSecret(auth: Config['auth']): string {
  if (auth.secret === undefined || !auth.algorithms.includes('HS256'))
    throw new CliFailure(
      'Tokens of users come from the identity provider behind JWKS_URL here: they cannot be made with a secret.',
    );
  const demanded = [
    auth.issuer === undefined ? [] : ['JWT_ISSUER'],
    auth.audience === undefined ? [] : ['JWT_AUDIENCE'],
  ].flat();
  if (demanded.length > 0)
    throw new CliFailure(
      `${demanded.join(' and ')} demand more than a token of the platform holds: get one from who issues them.`,
    );
  return auth.secret;
}

interface Row {
  readonly userId: number;
  readonly playerId: number | null;
  readonly name: string;
  readonly status: string;
}

function personOf({ playerId, ...rest }: Row): Person {
  return { ...rest, playerId: playerId ?? undefined };
}
