import { format } from 'mysql2';
import type { Queries } from '../db/database.ts';
import type { Precondition } from '../log/append-statement.ts';
import type { PlatformClock } from '../platform/clock.ts';
import { CONTEST_STATUS } from '../platform/contests.ts';
import { IS_FROZEN } from '../platform/freeze.ts';
import { idsOf } from '../platform/id-list.ts';
import { isRankingComplete } from '../platform/results.ts';
import { isShowableId } from '../platform/unshowable.ts';
import { CONTEST_STATUSES, type ContestStatus } from '../protocol/enums.ts';
import { chunkByBytes } from '../util/chunk.ts';
import type { ContestListing } from './listing.ts';

/** One contest whose listing may have to be published: what was published, and what the platform has. */
export interface ListingSnapshot {
  readonly id: number;
  /** Undefined: nothing was recorded of it. */
  readonly known: RecordedListing | undefined;
  /** Undefined: the platform has deleted it. */
  readonly current: CurrentListing | undefined;
}

/** A row of `contest_listing`. */
export interface RecordedListing {
  readonly version: number;
  readonly listing: ContestListing;
  readonly participantCount: number;
  readonly resultsPublished: boolean;
}

export interface CurrentListing {
  readonly listing: ContestListing;
  readonly participantCount: number;
  /** Hash of what lists show, by which the database finds the contests that have changed. */
  readonly digest: string;
  /** Whether the platform has written the winners of the contest, and its leaderboard is shown. */
  readonly hasResults: boolean;
}

type Reads = Pick<Queries, 'query'>;

/** Id of the row of `contest_listing` that marks that a baseline was recorded: a contest without a row is new. */
const BASELINE_ID = 0;
/** Max contests per poll. */
const MAX_ROWS = 500;
/** Time after the last change during which a contest is polled often, in hours. */
const RECENT_HOURS = 24;

const FIELDS = ['c.title', CONTEST_STATUS, 'c.start_time', 'c.end_time', 'c.is_public + 0', 'c.problems'];
/** HEX makes one character set of all. MySQL 9 has no MD5. */
const DIGEST = `CONVERT(LEFT(SHA2(CONCAT_WS(' ', ${FIELDS.map((field) => `IFNULL(HEX(${field}), '-')`).join(', ')}), 256), 32) USING ascii)`;
const PARTICIPANTS = 'GREATEST(0, c.participant_count)';
const JOINS = `LEFT JOIN contest_announced a ON a.contest_id = c.id
       LEFT JOIN contest_listing l ON l.contest_id = c.id`;

/** SQL: whether the final ranking of contest `c` is complete and shown. */
function hasResults(withWinners: boolean): string {
  return `(${isRankingComplete(withWinners)} AND NOT ${IS_FROZEN})`;
}

interface Row {
  readonly id: number;
  readonly title: string | null;
  readonly status: string | null;
  readonly isPublic: number;
  readonly problems: unknown;
  readonly participantCount: number;
  readonly digest: string;
  readonly hasResults: number;
  readonly version: number | null;
  readonly state: string | null;
  readonly knownCount: number | null;
  readonly resultsAt: Date | null;
}

/** Last instant whose year has four digits in ISO 8601. */
const LAST_INSTANT = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Whether a baseline was recorded. */
export async function hasBaseline(database: Reads): Promise<boolean> {
  const rows = await database.query('SELECT 1 FROM contest_listing WHERE contest_id = ?', [BASELINE_ID]);
  return rows.length > 0;
}

/** Statement that marks that a baseline was recorded. */
export const BASELINE_RECORDED = `INSERT IGNORE INTO contest_listing
  (contest_id, version, digest, state, participant_count, results_at, changed_at)
  VALUES (${BASELINE_ID}, 0, '', '{}', 0, NULL, UTC_TIMESTAMP(3))`;

export interface ListingQuery {
  /** Whether the platform's contests have `winner_ids`. */
  readonly withWinners: boolean;
  /** Only these, and those created after contest `newest`; undefined: all. */
  readonly polled?: { readonly ids: readonly number[]; readonly newest: number } | undefined;
}

/** Reads contests that differ from what was published of them, oldest first, up to 500. */
export async function readChangedListings(
  database: Reads,
  clock: PlatformClock,
  { withWinners, polled }: ListingQuery,
): Promise<ListingSnapshot[]> {
  const results = hasResults(withWinners);
  const among =
    polled === undefined
      ? { sql: '', values: [] }
      : polled.ids.length === 0
        ? { sql: 'c.id > ? AND', values: [polled.newest] }
        : { sql: '(c.id > ? OR c.id IN (?)) AND', values: [polled.newest, polled.ids] };
  const rows = await database.query<Row>(
    `SELECT c.id, c.title, ${CONTEST_STATUS} AS status, ${clock.select('c.start_time', 'startTime')},
            ${clock.select('c.end_time', 'endTime')}, c.is_public + 0 AS isPublic, c.problems,
            ${PARTICIPANTS} AS participantCount, ${DIGEST} AS digest, ${results} AS hasResults,
            l.version, l.state, l.participant_count AS knownCount, l.results_at AS resultsAt
       FROM contest c ${JOINS}
      WHERE ${among.sql} ${isShowableId('c.id')} AND ${CONTEST_STATUS} IN (?)
        AND (l.contest_id IS NULL OR l.digest <> ${DIGEST} OR l.participant_count <> ${PARTICIPANTS}
             OR (l.results_at IS NULL AND ${results}))
      ORDER BY c.id LIMIT ${MAX_ROWS}`,
    [...among.values, CONTEST_STATUSES],
  );
  return rows.map((row) => snapshotOf(row, clock));
}

/** Reads what was published of contests that the platform has deleted since, up to 500. */
export async function readDeletedListings(database: Reads): Promise<ListingSnapshot[]> {
  const rows = await database.query<{ id: number; version: number; state: string }>(
    `SELECT l.contest_id AS id, l.version, l.state
       FROM contest_listing l LEFT JOIN contest c ON c.id = l.contest_id
      WHERE l.contest_id <> ${BASELINE_ID} AND c.id IS NULL LIMIT ${MAX_ROWS}`,
  );
  return rows.map(({ id, version, state }) => ({
    id: Number(id),
    known: {
      version: Number(version),
      listing: JSON.parse(state) as ContestListing,
      participantCount: 0,
      resultsPublished: true,
    },
    current: undefined,
  }));
}

/** Reads the contests that are to be polled often, newest first, up to 500: those that are not over, or changed lately. */
export async function readLively(database: Reads): Promise<number[]> {
  const rows = await database.query<{ id: number }>(
    `SELECT c.id FROM contest c LEFT JOIN contest_listing l ON l.contest_id = c.id
      WHERE ${isShowableId('c.id')} AND (c.status IN ('DRAFT', 'UPCOMING', 'LIVE')
         OR l.changed_at > UTC_TIMESTAMP(3) - INTERVAL ${RECENT_HOURS} HOUR)
      ORDER BY c.id DESC LIMIT ${MAX_ROWS}`,
  );
  return rows.map(({ id }) => Number(id));
}

/** Statements that record states without publishing anything; states that are there stay. */
export function recordListings(
  rows: readonly { readonly id: number; readonly current: CurrentListing }[],
): string[] {
  const values = rows.map(({ id, current }) =>
    format('(?)', [
      [
        id,
        1,
        current.digest,
        JSON.stringify(current.listing),
        current.participantCount,
        current.hasResults ? EPOCH : null,
        EPOCH,
      ],
    ]),
  );
  return chunkByBytes(values, (value) => value).map(
    (page) =>
      `INSERT IGNORE INTO contest_listing
        (contest_id, version, digest, state, participant_count, results_at, changed_at) VALUES ${page.join(', ')}`,
  );
}

/** Instant of what had happened before the baseline. */
const EPOCH = '1970-01-01 00:00:01.000';

/** Writes the state that is published, provided that no other node has published one since `known`. */
export function updateListing({
  id,
  known,
  current,
}: ListingSnapshot): Precondition & Required<Pick<Precondition, 'rows'>> {
  const rows = format('contest_listing WHERE contest_id = ?', [id]);
  if (current === undefined)
    return {
      rows,
      sql: format('DELETE FROM contest_listing WHERE contest_id = ? AND version = ?', [id, known?.version]),
      expectedRows: 1,
    };
  const values = [
    current.digest,
    JSON.stringify(current.listing),
    current.participantCount,
    current.hasResults || (current.listing.status === 'ENDED' && (known?.resultsPublished ?? false)),
  ];
  if (known === undefined)
    return {
      rows,
      sql: format(
        `INSERT INTO contest_listing (contest_id, version, digest, state, participant_count, results_at, changed_at)
         VALUES (?, 1, ?, ?, ?, IF(?, UTC_TIMESTAMP(3), NULL), UTC_TIMESTAMP(3))`,
        [id, ...values],
      ),
      expectedRows: 1,
    };
  return {
    rows,
    sql: format(
      `UPDATE contest_listing SET version = version + 1, digest = ?, state = ?, participant_count = ?,
              results_at = IF(?, COALESCE(results_at, UTC_TIMESTAMP(3)), NULL), changed_at = UTC_TIMESTAMP(3)
        WHERE contest_id = ? AND version = ?`,
      [...values, id, known.version],
    ),
    expectedRows: 1,
  };
}

function snapshotOf(row: Row, clock: PlatformClock): ListingSnapshot {
  return {
    id: Number(row.id),
    known:
      row.version === null || row.state === null
        ? undefined
        : {
            version: Number(row.version),
            listing: JSON.parse(row.state) as ContestListing,
            participantCount: Number(row.knownCount),
            resultsPublished: row.resultsAt !== null,
          },
    current: {
      listing: {
        title: (row.title ?? '').toWellFormed(),
        status: row.status as ContestStatus,
        startsAt: isoOf(clock.instant(row, 'startTime')),
        endsAt: isoOf(clock.instant(row, 'endTime')),
        isPublic: Number(row.isPublic) !== 0,
        problems: idsOf(row.problems),
      },
      participantCount: Number(row.participantCount),
      digest: row.digest,
      hasResults: Number(row.hasResults) === 1,
    },
  };
}

function isoOf(at: Date | null | undefined): string | null {
  return at == null || at.getTime() > LAST_INSTANT ? null : at.toISOString();
}
