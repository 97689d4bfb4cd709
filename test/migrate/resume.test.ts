import { expect, test } from 'vitest';
import { migrate } from '../../src/migrate/migrate.ts';
import { createTestDatabase } from '../support/database/database.ts';
import { describeSchema } from '../support/database/schema-description.ts';
import { Killed, watched } from '../support/database/watched-database.ts';

async function migrateAndRecord(): Promise<{ statements: string[]; schema: unknown }> {
  const made = await createTestDatabase({ migrated: false });
  const statements: string[] = [];
  await migrate(watched(made.database, (statement) => statements.push(statement)));
  const schema = await describeSchema(made.database);
  await made.drop();
  return { statements, schema };
}

test('a migration killed after any of its statements is resumed by the next run, with the same result', async () => {
  const { statements, schema } = await migrateAndRecord();
  expect(statements.length).toBeGreaterThan(50);
  // Every statement is once the last of a run. In one database every eighth, so that each run has some way to go.
  const STRIDE = 8;
  for (let offset = 0; offset < STRIDE; offset += 1) {
    const made = await createTestDatabase({ migrated: false });
    for (let last = offset; last < statements.length; last += STRIDE) {
      const dying = watched(made.database, (statement) => {
        if (statement === statements[last]) throw new Killed();
      });
      const error = await migrate(dying).catch((error: unknown) => error);
      const killed = error instanceof Killed || (error instanceof Error && error.cause instanceof Killed);
      expect(killed, `statement ${last}: ${error}`).toBe(true);
    }
    await migrate(made.database);
    expect(await describeSchema(made.database)).toEqual(schema);
    const counted = await made.database.query(
      `SELECT (SELECT COUNT(*) FROM log_head) AS heads, (SELECT COUNT(*) FROM log_tail) AS tails,
        (SELECT COUNT(*) FROM level_config) AS levels`,
    );
    expect(counted).toEqual([{ heads: 1, tails: 6, levels: 30 }]);
    await made.drop();
  }
}, 120_000);
