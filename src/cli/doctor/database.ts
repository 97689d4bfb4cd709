import { checkCompleteness } from '../../db/completeness.ts';
import type { Database, Flavour } from '../../db/database.ts';
import { checkDurability } from '../../db/durability.ts';
import { errnoOf } from '../../db/errors.ts';
import { readMigrations } from '../../db/migration-files.ts';
import { judgeVersion, serverName, tooOld } from '../../db/server-version.ts';
import { type Finding, good, note, wrong } from './finding.ts';

const NO_SUCH_TABLE = 1146;

/** Checks the server: that it answers, its version, and the durability of its settings. */
export async function checkServer(database: Database): Promise<Finding[]> {
  const flavour = await database.flavour();
  const answers = good(`${serverName(flavour)} answers, with the database ${database.name}.`);
  const durability = (await checkDurability(database)).map(wrong);
  const durable =
    durability.length === 0 ? [good('Its settings are durable: a commit survives a crash.')] : [];
  return [answers, ...checkVersion(flavour), ...durability, ...durable];
}

export function checkVersion(flavour: Flavour): Finding[] {
  const judged = judgeVersion(flavour);
  if (judged === 'unsupported') return [wrong(tooOld(flavour))];
  return judged === 'untested'
    ? [note(`${serverName(flavour)} is older than the versions this is tested with.`)]
    : [];
}

/** Checks that the schema is this version's. */
export async function checkSchema(database: Pick<Database, 'query'>): Promise<Finding[]> {
  const known = readMigrations().map(({ name }) => name);
  const rows = await database
    .query<{ name: string; finished: number }>(
      'SELECT name, finished_at IS NOT NULL AS finished FROM live_migration ORDER BY name',
    )
    .catch((error: unknown) => {
      if (errnoOf(error) === NO_SUCH_TABLE) return undefined;
      throw error;
    });
  if (rows === undefined)
    return [wrong('This database was never migrated: run `codecraft-live migrate`, or start the service.')];
  const finished = new Set(rows.filter((row) => row.finished).map(({ name }) => name));
  const pending = known.filter((name) => !finished.has(name));
  const newer = rows.map(({ name }) => name).filter((name) => !known.includes(name));
  if (newer.length > 0)
    return [wrong(`The schema is newer than this version: it has ${newer.join(', ')}. Use that version.`)];
  if (pending.length > 0)
    return [
      wrong(`${pending.join(', ')} not applied: run \`codecraft-live migrate\`, or start the service.`),
    ];
  const copying = await database.query<{ source: string }>(
    'SELECT source FROM live_adoption WHERE finished_at IS NULL ORDER BY source',
  );
  if (copying.length > 0) {
    const tables = copying.map(({ source }) => source).join(', ');
    return [wrong(`${tables} not copied to the end: run \`codecraft-live migrate\`, or start the service.`)];
  }
  const losses = await checkCompleteness(database);
  return [good(`The schema is up to date (${known.at(-1)}).`), ...losses.map(wrong)];
}
