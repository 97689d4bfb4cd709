import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkSchema } from '../../src/cli/doctor/database.ts';
import { checkCompleteness } from '../../src/db/completeness.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';

describe('A migrated database', () => {
  let test: TestDatabase;
  beforeEach(async () => {
    test = await createTestDatabase();
  });
  afterEach(() => test.drop());

  it('lacks nothing', async () => {
    expect(await checkCompleteness(test.database)).toEqual([]);
  });

  it.each([
    ['DROP PROCEDURE live_publish', 'live_publish is missing, as after a dump without --routines'],
    ['ALTER TABLE notification DROP COLUMN player_id', 'The table notification lacks player_id'],
    ['DROP PROCEDURE sp_log_activity', 'sp_log_activity is missing'],
    ['DROP VIEW v_active_sessions', 'v_active_sessions is missing'],
    ['DROP TABLE log_key', 'The table log_key is missing'],
    ['ALTER TABLE notification ENGINE = MyISAM', 'The table notification is MyISAM'],
  ])('says after %s what it lost, and so does the doctor', async (loss, sentence) => {
    await test.database.execute(loss);
    expect(await checkCompleteness(test.database)).toEqual([expect.stringContaining(sentence)]);
    const findings = await checkSchema(test.database);
    expect(findings.filter(({ level }) => level === 'wrong')).toMatchObject([
      { text: expect.stringContaining(sentence) },
    ]);
  });
});
