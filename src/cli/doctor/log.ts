import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../db/database.ts';
import { JOIN_LEASE, LAST_SIGN_OF_LIFE } from '../../db/live-sessions.ts';
import { formatCursor } from '../../protocol/cursor.ts';
import { counted } from '../../util/english.ts';
import { type Finding, good, note, wrong } from './finding.ts';

type Reads = Pick<Database, 'query'>;

/** Newest positions that are checked. */
const WINDOW = 1000;
/** Polls for missing rows: a reader may see a row later than its successor. */
const POLLS = { times: 5, apartMs: 50 };
/** Time after a session's death by which a running service has swept it, s. */
const SWEEP_S = 120;
/** Max examples named. */
const EXAMPLES = 3;

/** Checks the log: its newest rows without a gap, up to its head and not beyond. */
export async function checkLog(database: Reads): Promise<Finding[]> {
  // The newest row is read before the head: a commit in between must not be reported as a fault.
  const [newest] = await database.query<{ id: number | null }>(
    'SELECT MAX(id) AS id FROM notification WHERE id > 0',
  );
  const [log] = await database.query<{ head: number; epoch: string }>(
    'SELECT head, epoch FROM log_head WHERE id = 1',
  );
  if (log === undefined) return [wrong('The row of log_head is gone: nothing can be published. Restore it.')];
  const { head, epoch } = log;
  if ((newest?.id ?? 0) > head)
    return [
      wrong(
        `The log's head is ${head} but there is a row ${newest?.id}: one of the tables was restored without the other, and publishing fails.`,
      ),
    ];
  const [tail] = await database.query<{ id: number }>('SELECT COALESCE(MAX(tail), 1) AS id FROM log_tail');
  const first = Math.max(1, head - WINDOW + 1, tail?.id ?? 1);
  const missing = await missingBetween(database, first, head);
  if (missing.length > 0) {
    const examples = missing.slice(0, EXAMPLES).join(', ');
    return [
      wrong(
        `${counted(missing.length, 'row')} of the log ${missing.length === 1 ? 'is' : 'are'} missing (${examples}${missing.length > EXAMPLES ? ', …' : ''}): they were deleted or lost. Streams are reset there.`,
      ),
    ];
  }
  const seen = head - first + 1;
  const gapless = seen <= 0 ? '' : `, its last ${counted(seen, 'row')} without a gap`;
  return [good(`The log is at ${formatCursor(head, epoch)}${gapless}.`)];
}

async function missingBetween(database: Reads, first: number, last: number): Promise<number[]> {
  let missing: number[] = [];
  for (let poll = 1; poll <= POLLS.times; poll += 1) {
    const rows = await database.query<{ id: number }>(
      'SELECT id FROM notification WHERE id BETWEEN ? AND ?',
      [first, last],
    );
    const present = new Set(rows.map(({ id }) => id));
    missing = [];
    for (let id = first; id <= last; id += 1) if (!present.has(id)) missing.push(id);
    if (missing.length === 0) return missing;
    await sleep(POLLS.apartMs);
  }
  return missing;
}

/** Checks that dead sessions are swept. */
export async function checkSessions(database: Reads, heartbeatTimeoutMs: number): Promise<Finding[]> {
  const silentS = heartbeatTimeoutMs / 1000 + SWEEP_S;
  const [count] = await database.query<{ alive: number; dead: number }>(
    `SELECT COUNT(CASE WHEN ${LAST_SIGN_OF_LIFE} >= UTC_TIMESTAMP(3) - INTERVAL ? SECOND THEN 1 END) AS alive,
      COUNT(CASE WHEN ${LAST_SIGN_OF_LIFE} < UTC_TIMESTAMP(3) - INTERVAL ? SECOND THEN 1 END) AS dead
     FROM stream_session s ${JOIN_LEASE} WHERE disconnected_at IS NULL`,
    [silentS, silentS],
  );
  const { alive = 0, dead = 0 } = count ?? {};
  if (dead > 0)
    return [
      note(
        `${counted(dead, 'session')} died more than ${silentS} s ago and ${dead === 1 ? 'was' : 'were'} not swept: no service has run since, or none sweeps.`,
      ),
    ];
  return [good(`${counted(alive, 'open session')}, none of them dead.`)];
}
