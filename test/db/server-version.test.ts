import { expect, it } from 'vitest';
import { explain } from '../../src/cli/failure.ts';
import type { Database } from '../../src/db/database.ts';
import { migrate } from '../../src/migrate/migrate.ts';

it.each([
  ['mariadb', '10.5.29', 'MariaDB 10.5.29'],
  ['mysql', '8.0.4', 'MySQL 8.0.4'],
  ['mysql', '5.7.44', 'MySQL 5.7.44'],
] as const)('a %s %s is refused before anything is changed', async (kind, version, name) => {
  const server = { flavour: async () => ({ kind, version }) } as unknown as Database;
  const error = await migrate(server).catch((refusal: unknown) => refusal);
  expect(explain(error)).toBe(
    `${name} is too old: the service needs MariaDB 10.6 or MySQL 8.0.11, or later (JSON_TABLE).`,
  );
});
