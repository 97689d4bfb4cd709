import type { Database } from './database.ts';

/** Clock difference above which a warning is given, in ms. */
const CLOCK_MS = 5000;
/** Approximate max size of a batch of appends, which is one packet, in bytes. */
const PACKET_BYTES = 8 * 1024 * 1024;

const VARIABLES = [
  'binlog_format',
  'character_set_client',
  'character_set_connection',
  'innodb_flush_log_at_trx_commit',
  'log_bin',
  'max_allowed_packet',
  'read_only',
  'super_read_only',
  'sync_binlog',
  'time_zone',
  'transaction_isolation',
  'tx_isolation',
];

/**
 * Checks the server and our sessions for settings that weaken the promise that an event, once acknowledged, is never lost,
 * and once seen, never gone. Returns a sentence per weakness.
 */
export async function checkDurability(database: Pick<Database, 'query'>): Promise<string[]> {
  const rows = await database.query<{ Variable_name: string; Value: string }>(
    `SHOW SESSION VARIABLES WHERE Variable_name IN (${VARIABLES.map(() => '?').join(', ')})`,
    VARIABLES,
  );
  const values = new Map(rows.map((row) => [row.Variable_name.toLowerCase(), row.Value]));
  return [...judge(values), ...(await judgeClock(database))];
}

/** Warnings on variables; those that the server does not have are skipped. */
function* judge(values: ReadonlyMap<string, string>): Generator<string> {
  const flush = values.get('innodb_flush_log_at_trx_commit');
  // 3 is MariaDB's and flushes no less than 1.
  if (flush !== undefined && flush !== '1' && flush !== '3') {
    yield `innodb_flush_log_at_trx_commit is ${flush}: the last second of events can be lost when the database's machine crashes; set it to 1.`;
  }
  const binlog = values.get('log_bin');
  const sync = values.get('sync_binlog');
  if (binlog === 'OFF') {
    yield 'The binary log is off: when the database crashes, a stream may have shown an event that is then gone; start the server with log_bin and sync_binlog = 1.';
  } else if (binlog === 'ON' && sync !== undefined && sync !== '1') {
    yield `sync_binlog is ${sync}: when the database's machine crashes, a stream may have shown an event that is then gone; set it to 1.`;
  }
  if (binlog === 'ON' && values.get('binlog_format') === 'STATEMENT') {
    yield 'The binary log is written by statement, which takes no write at READ COMMITTED: nothing can be published; set binlog_format to MIXED or ROW.';
  }
  if (values.get('read_only') === 'ON' || values.get('super_read_only') === 'ON') {
    yield 'The server is read-only: nothing can be published; connect to the primary.';
  }
  const isolation = values.get('transaction_isolation') ?? values.get('tx_isolation');
  if (isolation !== undefined && isolation !== 'READ-COMMITTED') {
    yield `Our sessions run at ${isolation} though we asked for READ-COMMITTED: something between us and the server changes session settings.`;
  }
  const zone = values.get('time_zone');
  if (zone !== undefined && zone !== '+00:00') {
    yield `Our sessions run in time zone ${zone} though we asked for +00:00: something between us and the server changes session settings.`;
  }
  for (const name of ['character_set_client', 'character_set_connection']) {
    const charset = values.get(name);
    if (charset !== undefined && charset !== 'utf8mb4') {
      yield `${name} is ${charset} though we asked for utf8mb4: something between us and the server changes session settings.`;
    }
  }
  const packet = Number(values.get('max_allowed_packet') ?? PACKET_BYTES);
  if (packet < PACKET_BYTES) {
    yield `max_allowed_packet is ${packet} bytes: large batches of events will be refused; set it to 16M or more.`;
  }
}

async function judgeClock(database: Pick<Database, 'query'>): Promise<string[]> {
  const before = Date.now();
  const [row] = await database.query<{ now: Date }>('SELECT UTC_TIMESTAMP(3) AS now');
  const after = Date.now();
  if (row === undefined) return [];
  const apart = Math.max(before - row.now.getTime(), row.now.getTime() - after, 0);
  if (apart <= CLOCK_MS) return [];
  return [
    `The database's clock and this machine's are ${Math.round(apart / 1000)} s apart: set both by NTP, or tokens and contests end at the wrong moment.`,
  ];
}
