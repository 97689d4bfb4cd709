/** Tables that hold the log; a dump of them is one consistent snapshot, as `mysqldump --single-transaction` takes it. */
const TABLES = [
  'log_head',
  'log_term',
  'log_tail',
  'log_key',
  'notification',
  'notification_receipt',
  'activity_log',
  'event_outbox',
];
const AS_TEXT = {
  dateStrings: true,
  supportBigNumbers: true,
  bigNumberStrings: true,
  jsonStrings: true,
};

export async function takeDump(database) {
  const connection = await database.connect(AS_TEXT);
  await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await connection.query('START TRANSACTION WITH CONSISTENT SNAPSHOT');
  const tables = [];
  for (const name of TABLES) {
    const [[created]] = await connection.query(`SHOW CREATE TABLE ${name}`);
    const [rows, fields] = await connection.query({ sql: `SELECT * FROM ${name}`, rowsAsArray: true });
    tables.push({ name, create: created['Create Table'], columns: fields.map((field) => field.name), rows });
  }
  await connection.end();
  return tables;
}

/** Drops, creates and fills each table in turn, as the client does that reads a dump. */
export async function restoreDump(database, tables) {
  const connection = await database.connect(AS_TEXT);
  await connection.query("SET foreign_key_checks = 0, time_zone = '+00:00'");
  for (const { name, create, columns, rows } of tables) {
    await connection.query(`DROP TABLE ${name}`);
    await connection.query(create);
    for (let from = 0; from < rows.length; from += 500)
      await connection.query(`INSERT INTO ${name} (${columns.map((column) => `\`${column}\``)}) VALUES ?`, [
        rows.slice(from, from + 500),
      ]);
  }
  await connection.end();
}
