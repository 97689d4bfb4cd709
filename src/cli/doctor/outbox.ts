import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../db/database.ts';
import { lockName } from '../../db/named-lock.ts';
import { type DeadLetter, readDeadLetters } from '../../events/outbox/dead-letters.ts';
import { readOutboxStats } from '../../events/outbox/stats.ts';
import { counted } from '../phrases.ts';
import { safeText } from '../safe-text.ts';
import { type Finding, good, note, wrong } from './finding.ts';

type Reads = Pick<Database, 'query' | 'name'>;

/** What waits for so long, in seconds, while nothing moves for that long, has nobody who fetches it. */
const STANDSTILL_S = 2;
/** Between two looks, in ms. */
const LOOK_MS = 100;
/** So many examples are named. */
const EXAMPLES = 3;

/** Whether what was published from SQL gets into the log. */
export async function checkOutbox(database: Reads): Promise<Finding[]> {
  const { failed, waiting, oldestS } = await readOutboxStats(database);
  const findings: Finding[] = [];
  if (failed > 0)
    findings.push(
      wrong(
        `${counted(failed, 'row')} of event_outbox set aside, not published: ${reasons(await readDeadLetters(database, EXAMPLES))} See \`codecraft-live outbox list\`.`,
      ),
    );
  if (waiting > 0 && oldestS > STANDSTILL_S && (await standsStill(database)))
    findings.push(
      wrong(
        `${counted(waiting, 'row')} of event_outbox waiting, the oldest for ${Math.floor(oldestS)} s: ${await whose(database)}.`,
      ),
    );
  else if (waiting > 0) findings.push(note(`${counted(waiting, 'row')} of event_outbox on the way.`));
  return findings.length > 0 ? findings : [good('Nothing is stuck in event_outbox.')];
}

/** Whether the first row that waits stays the same. */
async function standsStill(database: Reads): Promise<boolean> {
  const first = async () =>
    (
      await database.query<{ id: number }>(
        'SELECT id FROM event_outbox WHERE failed_at IS NULL ORDER BY id LIMIT 1',
      )
    )[0]?.id;
  const before = await first();
  for (let waitedMs = 0; waitedMs < STANDSTILL_S * 1000; waitedMs += LOOK_MS) {
    await sleep(LOOK_MS);
    if ((await first()) !== before) return false;
  }
  return before !== undefined;
}

/** Whose it is to fetch them. */
async function whose(database: Reads): Promise<string> {
  const [lock] = await database.query<{ holder: number | null }>('SELECT IS_USED_LOCK(?) AS holder', [
    lockName(database.name, 'duties'),
  ]);
  return lock?.holder == null
    ? 'no service fetches them'
    : 'the service that has the duty does not fetch them; its log says why';
}

function reasons(rows: readonly DeadLetter[]): string {
  return rows
    .map(({ id, type, error }) => {
      const reason = safeText(`#${id} ${type}: ${error ?? 'no reason given'}`);
      return /[.…]$/.test(reason) ? reason : `${reason}.`;
    })
    .join(' ');
}
