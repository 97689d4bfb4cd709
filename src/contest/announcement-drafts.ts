import type { Queries } from '../db/database.ts';
import type { EventDraft } from '../events/draft.ts';
import { prepare } from '../events/prepare.ts';
import type { EventData, EventInput } from '../protocol/event.ts';
import { truncate } from '../util/truncate.ts';
import type { Announcement, ContestRow } from './announced-state.ts';

/** Details of a contest that announcements carry. */
export interface ContestDetails {
  readonly title: string;
  readonly participantCount: number;
}

/** Max length of a title in an event, in UTF-16 units; the platform's may be longer. */
const MAX_TITLE_LENGTH = 200;
/** Last instant whose year has four digits in ISO 8601. */
const LAST_INSTANT = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Batch-loads the details of contests, by id. */
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

/** Makes the draft of an announcement. */
export function draftOf(
  contestId: number,
  announcement: Announcement,
  contest: ContestRow | undefined,
  details: ContestDetails | undefined,
): EventDraft {
  const title = truncate(details?.title ?? '', MAX_TITLE_LENGTH);
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

/** Adds what a report left out: a report needs neither the title nor the times of a contest. */
export function completeReport(
  { event }: EventDraft,
  { contest, details, oldStatus }: ReportContext,
): EventDraft {
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

interface ReportContext {
  readonly contest: ContestRow | undefined;
  readonly details: ContestDetails | undefined;
  readonly oldStatus: EventInput<'CONTEST_STATUS'>['oldStatus'];
}

function timesOf(contest: ContestRow | undefined): { startsAt?: string; endsAt?: string } {
  const startsAt = isoOf(contest?.startsAt ?? null);
  const endsAt = isoOf(contest?.endsAt ?? null);
  return { ...(startsAt ? { startsAt } : {}), ...(endsAt ? { endsAt } : {}) };
}

function isoOf(at: number | null): string | undefined {
  return at === null || at > LAST_INSTANT ? undefined : new Date(at).toISOString();
}
