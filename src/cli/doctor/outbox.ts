import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../db/database.ts';
import { lockName } from '../../db/named-lock.ts';
import { type DeadLetter, readDeadLetters } from '../../events/outbox/dead-letters.ts';
import { readOutboxStats } from '../../events/outbox/stats.ts';
import { counted } from '../../util/english.ts';
import { safeText } from '../safe-text.ts';
import { type Finding, good, note, wrong } from './finding.ts';

type Reads = Pick<Database, 'query' | 'name'>;

/** Age of a waiting row, and time without progress, from which the outbox counts as stalled, s. */
const STALL_S = 2;
/** Time between two polls, ms. */
const POLL_MS = 100;
/** Max examples named. */
const EXAMPLES = 3;

/** Checks that rows of event_outbox reach the log. */
export async function checkOutbox(database: Reads): Promise<Finding[]> {
  const { failed, waiting, oldestS } = await readOutboxStats(database);
  const findings: Finding[] = [];
  if (failed > 0)
    findings.push(
      wrong(
        `${counted(failed, 'dead letter')} in event_outbox, not published: ${reasons(await readDeadLetters(database, EXAMPLES))} See \`codecraft-live outbox list\`.`,
      ),
    );
  if (waiting > 0 && oldestS > STALL_S && (await isStalled(database)))
    findings.push(
      wrong(
        `${counted(waiting, 'row')} of event_outbox waiting, the oldest for ${Math.floor(oldestS)} s: ${await relayState(database)}.`,
      ),
    );
  else if (waiting > 0) findings.push(note(`${counted(waiting, 'row')} of event_outbox on the way.`));
  return findings.length > 0 ? findings : [good('Nothing is stuck in event_outbox.')];
}

/** Whether the first waiting row stays the same for `STALL_S`. */
async function isStalled(database: Reads): Promise<boolean> {
  const first = async () =>
    (
      await database.query<{ id: number }>(
        'SELECT id FROM event_outbox WHERE failed_at IS NULL ORDER BY id LIMIT 1',
      )
    )[0]?.id;
  const before = await first();
  for (let waitedMs = 0; waitedMs < STALL_S * 1000; waitedMs += POLL_MS) {
    await sleep(POLL_MS);
    if ((await first()) !== before) return false;
  }
  return before !== undefined;
}

/** Describes which service relays the outbox, as the end of a sentence. */
async function relayState(database: Reads): Promise<string> {
  const [lock] = await database.query<{ holder: number | null }>('SELECT IS_USED_LOCK(?) AS holder', [
    lockName(database.name, 'duties'),
  ]);
  return lock?.holder == null ? 'no service relays them' : 'the leader does not relay them; its log says why';
}

function reasons(rows: readonly DeadLetter[]): string {
  return rows
    .map(({ id, type, error }) => {
      const reason = safeText(`#${id} ${type}: ${error ?? 'no reason given'}`);
      return /[.…]$/.test(reason) ? reason : `${reason}.`;
    })
    .join(' ');
}
