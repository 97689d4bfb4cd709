import type { Queries } from '../db/database.ts';
import type { EventDraft } from '../events/draft.ts';
import { prepare } from '../events/prepare.ts';
import type { EventData, EventInput } from '../protocol/event.ts';
import type { Announcement, ContestTimes } from './announced.ts';

/** What an announcement says besides what has happened. */
export interface ContestDetails {
  readonly title: string;
  readonly participantCount: number;
}

/** The longest title that an event carries, in UTF-16 units; the platform's may be longer. */
const LONGEST_TITLE = 200;
/** The last instant that ISO 8601 writes with four digits for the year. */
const LAST_INSTANT = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

export async function readDetails(
  database: Pick<Queries, 'query'>,
  ids: readonly number[],
): Promise<Map<number, ContestDetails>> {
  if (ids.length === 0) return new Map();
  const rows = await database.query<{ id: number; title: string; participantCount: number }>(
    `SELECT c.id, c.title, (SELECT COUNT(*) FROM contest_participant p WHERE p.contest_id = c.id) AS participantCount
       FROM contest c WHERE c.id IN (?)`,
    [ids],
  );
  return new Map(
    rows.map(({ id, title, participantCount }) => [
      Number(id),
      { title, participantCount: Number(participantCount) },
    ]),
  );
}

/** What is appended for an announcement. */
export function draftOf(
  contestId: number,
  announcement: Announcement,
  contest: ContestTimes | undefined,
  details: ContestDetails | undefined,
): EventDraft {
  const title = wellFormed(details?.title ?? '');
  const contestTitle = title === '' ? {} : { contestTitle: title };
  if (announcement.type === 'CONTEST_END') {
    const data: EventInput<'CONTEST_END'> = {
      contestId,
      ...contestTitle,
      ...(details ? { participantCount: details.participantCount } : {}),
    };
    return prepare('CONTEST_END', data);
  }
  const { oldStatus, newStatus } = announcement;
  const data: EventInput<'CONTEST_STATUS'> = {
    contestId,
    ...contestTitle,
    ...(oldStatus ? { oldStatus } : {}),
    newStatus,
    ...timesOf(contest),
  };
  return prepare('CONTEST_STATUS', data);
}

/** The same with what its teller did not say: whoever tells of what happened need not know all of it. */
export function completed({ event }: EventDraft, { contest, details, oldStatus }: CompletedWith): EventDraft {
  const data = event.data as EventData<'CONTEST_END'> | EventData<'CONTEST_STATUS'>;
  const known = draftOf(
    data.contestId,
    'newStatus' in data
      ? { type: 'CONTEST_STATUS', oldStatus, newStatus: data.newStatus }
      : { type: 'CONTEST_END' },
    contest,
    details,
  );
  const given = Object.entries(data).filter(([, value]) => value !== undefined);
  return prepare(event.type, { ...known.event.data, ...Object.fromEntries(given) });
}

interface CompletedWith {
  readonly contest: ContestTimes | undefined;
  readonly details: ContestDetails | undefined;
  readonly oldStatus: EventInput<'CONTEST_STATUS'>['oldStatus'];
}

function timesOf(contest: ContestTimes | undefined): { startsAt?: string; endsAt?: string } {
  const startsAt = isoOf(contest?.startsAt ?? null);
  const endsAt = isoOf(contest?.endsAt ?? null);
  return { ...(startsAt ? { startsAt } : {}), ...(endsAt ? { endsAt } : {}) };
}

function isoOf(at: number | null): string | undefined {
  return at === null || at > LAST_INSTANT ? undefined : new Date(at).toISOString();
}

/** Cut to what an event may carry, without half of a surrogate pair at its end. */
function wellFormed(title: string): string {
  const cut = title.slice(0, LONGEST_TITLE);
  return cut.isWellFormed() ? cut : cut.slice(0, -1).toWellFormed();
}
