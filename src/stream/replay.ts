import { setTimeout as sleep } from 'node:timers/promises';
import type { Hub } from '../channel/hub.ts';
import type { LiveFrame } from '../channel/live-frame.ts';
import type { Ring } from '../channel/ring.ts';
import type { KeepClass } from '../db/schema.ts';
import { scopeKind } from '../protocol/scope.ts';
import { backoffDelay } from '../util/backoff.ts';
import { keptClassesOf, transientTypesAmong } from './resume.ts';
import type { SharedBatches } from './shared-batches.ts';
import { SMALL_PAGE, type StoredPage, type StoredPages, type StoredPagesDeps } from './stored-pages.ts';
import type { Stream } from './stream.ts';

/** Max frames per read. */
const PAGE = 500;
/** Approximate bytes written before the peer must have taken them. */
const PART_BYTES = 64 * 1024;
/** Max time a page is kept for a reader that does not take it, ms; it is read again once the reader continues. */
const KEEP_PAGE_MS = 1_000;
/** Delays before a failed read is repeated. */
const RETRY = { minMs: 50, maxMs: 2_000 };

export interface ReplayDeps extends Pick<StoredPagesDeps, 'terms'> {
  readonly hub: Hub;
  readonly ring: Ring;
  readonly pages: Pick<StoredPages, 'read'>;
  readonly batches: Pick<SharedBatches, 'of'>;
  /** Resolves after a poll of the log that began later. A poll that finds another log closes the streams. */
  readonly refresh: () => Promise<void>;
  readonly onError?: (error: unknown) => void;
}

/** What a stream was sent before its replay. */
export interface StreamOpening {
  /** Position of its leaderboard snapshots: leaderboard frames up to here are skipped. 0: it has none. */
  readonly snapshotAt: number;
  /** Whether `stream-open` named transient types of which older rows were deleted. */
  readonly stale: boolean;
  /** Rows of kept classes up to here may be missing, which `stream-open` has reported where they are lost. */
  readonly gapsThrough: number;
}

/** What a stream lacks, as it is known before its snapshots are sent. */
export type Gaps = Omit<StreamOpening, 'snapshotAt'>;

/**
 * Replays the rows that a stream missed, then joins it to its channels. The stream is at one position of the log at any
 * time. Each page moves it towards the hub's position, and it joins in the tick in which both are equal: no frame lies
 * between the last replayed one and the first live one, and none is in both.
 *
 * While the database is unavailable the stream stays open; it continues when the database is back.
 */
export async function catchUp(stream: Stream, deps: ReplayDeps, opening: StreamOpening): Promise<void> {
  const { hub } = deps;
  let replayed = 0;
  let pageSize = PAGE;
  while (stream.state === 'replaying') {
    const target = hub.position;
    if (joinAtHead(stream, hub, replayed)) return;
    if (stream.position > target) {
      // The plan came from the follower, which is ahead of the hub until the hub's next turn.
      await hub.moved();
      continue;
    }
    const { sent, whole } = await sendPage(stream, deps, { target, pageSize, opening });
    replayed += sent;
    if (whole) continue;
    pageSize = SMALL_PAGE;
    await stream.drained();
  }
}

/**
 * Joins a stream that is at the hub's position to its channels.
 *
 * @param replayed count of frames that it was sent before
 * @returns whether it is at that position
 */
export function joinAtHead(stream: Stream, hub: Hub, replayed: number): boolean {
  if (stream.position !== hub.position) return false;
  hub.join(stream);
  stream.live({ replayed });
  return true;
}

interface PageRequest {
  /** Last position of the page. */
  readonly target: number;
  /** Max frames. */
  readonly pageSize: number;
  readonly opening: StreamOpening;
}

/**
 * Sends the next page and moves the stream's position to its end. Where the reader stalls, only part of the page is
 * sent, so that a stalled reader holds written bytes and no page.
 *
 * @returns count of frames sent, and whether the reader took the whole page
 */
async function sendPage(
  stream: Stream,
  deps: ReplayDeps,
  request: PageRequest,
): Promise<{ readonly sent: number; readonly whole: boolean }> {
  const { target, opening } = request;
  const page = recentPage(stream, deps.ring, target) ?? (await storedPage(stream, deps, request));
  if (page === undefined || stream.state !== 'replaying') return { sent: 0, whole: false };
  const wanted = page.frames.filter(
    (frame) =>
      (!stream.filter || stream.filter.types.has(frame.type)) &&
      !(frame.id <= opening.snapshotAt && isInSnapshot(frame)),
  );
  let sent = 0;
  for (const part of parts(wanted)) {
    stream.position = part.at(-1)?.id ?? stream.position;
    stream.deliver(deps.batches.of(part));
    sent += part.length;
    // Of what was missed this is the end, less than a part, and leaves in one write with `caught-up`.
    if (sent === wanted.length && page.through === target && isSmall(part)) break;
    const inTime = await within(KEEP_PAGE_MS, stream.drained());
    if (!inTime || stream.state !== 'replaying') return { sent, whole: false };
  }
  stream.position = page.through;
  return { sent, whole: true };
}

/** Whether `event` resolves within `boundMs`. */
async function within(boundMs: number, event: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), boundMs);
  });
  const happened = await Promise.race([event.then(() => true), late]);
  clearTimeout(timer);
  return happened;
}

/** Whether a part is so small that its writing needs no peer that takes it. */
function isSmall(part: readonly LiveFrame[]): boolean {
  return part.reduce((sum, { weight }) => sum + weight, 0) < PART_BYTES;
}

/** Splits frames into parts of about `PART_BYTES`. */
function* parts(frames: readonly LiveFrame[]): Generator<LiveFrame[]> {
  let part: LiveFrame[] = [];
  let bytes = 0;
  for (const frame of frames) {
    part.push(frame);
    bytes += frame.weight;
    if (bytes < PART_BYTES) continue;
    yield part;
    part = [];
    bytes = 0;
  }
  if (part.length > 0) yield part;
}

/** Whether a leaderboard snapshot at or after the frame's position includes what the frame changes. */
function isInSnapshot({ type, scope }: LiveFrame): boolean {
  const isLeaderboard =
    type === 'LEADERBOARD_UPDATE' || type === 'LEADERBOARD_FREEZE' || type === 'CELLS_UPDATE';
  return isLeaderboard && scopeKind(scope) !== 'contest';
}

/** All frames of the stream's scopes from its position up to and including `through`. */
interface Page {
  readonly frames: LiveFrame[];
  readonly through: number;
}

/** Reads a page from the ring; undefined where the ring begins later. */
function recentPage(stream: Stream, ring: Ring, target: number): Page | undefined {
  const frames = ring.since(stream.position, stream.scopes);
  if (!frames) return undefined;
  // The ring may already hold frames of the next turn.
  while ((frames.at(-1)?.id ?? 0) > target) frames.pop();
  if (frames.length <= PAGE) return { frames, through: target };
  const cut = frames.slice(0, PAGE);
  return { frames: cut, through: cut.at(-1)?.id ?? target };
}

/** Reads a page from the database, repeatedly until that succeeds; undefined when the stream is closed meanwhile. */
async function storedPage(
  stream: Stream,
  deps: ReplayDeps,
  { target, pageSize, opening }: PageRequest,
): Promise<Page | undefined> {
  const after = stream.position;
  const readsTransient = !opening.stale && transientTypesAmong(stream.filter?.types).length > 0;
  let isRefreshed = false;
  for (let failures = 0; stream.state === 'replaying'; failures++) {
    const limit = failures === 0 ? pageSize : SMALL_PAGE;
    try {
      const range = { after, target, limit };
      const read = await deps.pages.read(stream.scopes, range, () => stream.state === 'replaying');
      if (read === undefined) return undefined;
      // Of a term that began just now; or of another log, before this process noticed: the cursors of frames after them would
      // carry a term of the log that is gone. So would the position of a row that is not there any more.
      const isStrange = ({ words, lacksEnd }: StoredPage) =>
        lacksEnd || [...words].some((word) => !deps.terms().has(word));
      if (!isRefreshed && read.some(isStrange)) {
        isRefreshed = true;
        await deps.refresh();
        continue;
      }
      if (read.some((page) => page.lacksEnd || isOvertaken(page))) {
        stream.close('reset');
        return undefined;
      }
      return merged(read);
    } catch (error) {
      deps.onError?.(error);
      await sleep(backoffDelay(failures + 1, RETRY, { share: 0.5 }));
    }
  }
  return undefined;

  /** Whether rows that the page would hold had been deleted when it was read. */
  function isOvertaken({ scopes, tails }: StoredPage): boolean {
    const classes = new Set<KeepClass>(keptClassesOf(scopes, stream.filter?.types));
    if (readsTransient) classes.add('nudge');
    const accounted = { kept: Math.max(after, opening.gapsThrough), nudge: after };
    return [...classes].some(
      (keepClass) => tails[keepClass] > accounted[keepClass === 'nudge' ? 'nudge' : 'kept'] + 1,
    );
  }
}

/** Joins pages that begin at one position, as far as all of them reach. */
function merged(pages: readonly StoredPage[]): Page {
  const through = Math.min(...pages.map((page) => page.through));
  const frames = pages.flatMap((page) => page.frames).filter(({ id }) => id <= through);
  return { frames: pages.length > 1 ? frames.sort((a, b) => a.id - b.id) : frames, through };
}
