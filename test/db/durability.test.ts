import { describe, expect, test } from 'vitest';
import { checkDurability } from '../../src/db/durability.ts';
import { prepareDatabase } from '../support/database/database.ts';

const made = prepareDatabase({ migrated: false });

/** The real server's answers, some of them changed: its global settings are not this test's to change. */
function pretending(changed: Record<string, string>, clockMs = 0) {
  return {
    async query<T>(sql: string, values?: readonly unknown[]): Promise<T[]> {
      const rows = await made.database.query<Record<string, unknown>>(sql, values);
      return rows.map((row) => {
        const value = changed[String(row.Variable_name)];
        if (value !== undefined) return { ...row, Value: value };
        if (row.now instanceof Date) return { now: new Date(row.now.getTime() + clockMs) };
        return row;
      }) as T[];
    },
  };
}

const SAFE = {
  binlog_format: 'ROW',
  innodb_flush_log_at_trx_commit: '1',
  log_bin: 'ON',
  sync_binlog: '1',
  max_allowed_packet: String(16 * 1024 * 1024),
};

describe('the durability check', () => {
  test('is content with a server that is set up well', async () => {
    expect(await checkDurability(pretending(SAFE))).toEqual([]);
  });

  test('judges the real server by its real settings', async () => {
    const rows = await made.database.query<{ binlog: number; sync: number }>(
      'SELECT @@log_bin AS binlog, @@sync_binlog AS sync',
    );
    const warnings = await checkDurability(made.database);
    expect(warnings.some((line) => line.startsWith('The binary log is off'))).toBe(rows[0]?.binlog === 0);
    expect(warnings.some((line) => line.startsWith('Our sessions'))).toBe(false);
  });

  test.each([
    [{ innodb_flush_log_at_trx_commit: '2' }, 'innodb_flush_log_at_trx_commit is 2'],
    [{ innodb_flush_log_at_trx_commit: '0' }, 'innodb_flush_log_at_trx_commit is 0'],
    [{ log_bin: 'OFF', sync_binlog: '0' }, 'The binary log is off'],
    [{ sync_binlog: '0' }, 'sync_binlog is 0'],
    [{ binlog_format: 'STATEMENT' }, 'The binary log is written by statement'],
    [{ read_only: 'ON' }, 'The server is read-only'],
    [
      { tx_isolation: 'REPEATABLE-READ', transaction_isolation: 'REPEATABLE-READ' },
      'Our sessions run at REPEATABLE-READ',
    ],
    [{ time_zone: 'SYSTEM' }, 'Our sessions run in time zone SYSTEM'],
    [{ character_set_client: 'latin1' }, 'character_set_client is latin1'],
    [{ max_allowed_packet: '1048576' }, 'max_allowed_packet is 1048576'],
  ])('warns in one sentence of %j', async (changed, words) => {
    const warnings = await checkDurability(pretending({ ...SAFE, ...changed }));
    expect(warnings).toEqual([expect.stringContaining(words)]);
  });

  test.each([-7000, 7000])('warns of a clock that is %i ms off', async (clockMs) => {
    expect(await checkDurability(pretending(SAFE, clockMs))).toEqual([expect.stringContaining('7 s apart')]);
    expect(await checkDurability(pretending(SAFE, clockMs / 2))).toEqual([]);
  });
});
