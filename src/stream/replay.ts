import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Batch } from '../channel/batch.ts';
import type { Hub } from '../channel/hub.ts';
import { LiveFrame } from '../channel/live-frame.ts';
import type { Ring } from '../channel/ring.ts';
import type { KeepClass } from '../db/schema.ts';
import { type Query, readScopes, readTails } from '../log/reader.ts';
import { keepClassOf } from '../log/row.ts';
import { scopeKind } from '../protocol/scope.ts';
import { transientTypesAmong } from './resume.ts';
import type { Semaphore } from './semaphore.ts';
import type { Stream } from './stream.ts';

/** So many frames are looked up at a time. */
const PAGE = 500;
/**
 * And so many where that failed (they may be so large that looking up more takes longer than a statement may), or where
 * the reader is slow, so that little is read again for it.
 */
const SMALL_PAGE = 20;
/** About so much is written before the peer must have taken it. Bytes. */
const PART_BYTES = 64 * 1024;
/** How long a page is kept for a reader that does not take it. It is read again once the reader goes on. Milliseconds. */
const KEEP_PAGE_MS = 1_000;
/** How long to wait before a failed read is tried again, in ms: first, and at most. */
const RETRY_MS = { first: 50, most: 2_000 };

export interface ReplayDeps {
  readonly hub: Hub;
  readonly ring: Ring;
  readonly query: Query;
  /** So many streams read from the database at a time, so that a crowd coming back leaves room for the rest. */
  readonly semaphore: Semaphore;
  readonly epoch: () => string;
  readonly onError?: (error: unknown) => void;
}

/** What a stream was told at its beginning. */
export interface Told {
  /** Leaderboard frames up to here are left out, since the stream was given the standings themselves. */
  readonly snapshotAt: number;
  /** Older transient rows were deleted. */
  readonly stale: boolean;
}

/**
 * Gives a stream what it missed and then joins it to its channels. The stream stands at a position of the log all the
 * while; it moves towards the hub's by pages, and in the moment both are the same, it joins: nothing lies between the
 * last replayed frame and the first live one, and nothing is in both.
 *
 * The database being away only delays it: the stream stays open and goes on when it is back.
 */
export async function catchUp(stream: Stream, deps: ReplayDeps, told: Told): Promise<void> {
  const { hub } = deps;
  let replayed = 0;
  let pageSize = PAGE;
  while (stream.state === 'replaying') {
    const target = hub.position;
    if (stream.position === target) {
      hub.join(stream);
      stream.live({ replayed });
      return;
    }
    if (stream.position > target) {
      // The follower has handed on what the hub's next turn begins with.
      await nextTurn();
      continue;
    }
    const { sent, whole } = await sendPage(stream, deps, { target, pageSize, told });
    replayed += sent;
    if (whole) continue;
    pageSize = SMALL_PAGE;
    await stream.drained();
  }
}

interface PageRequest {
  /** The last position that is wanted. */
  readonly target: number;
  /** Frames at most. */
  readonly pageSize: number;
  readonly told: Told;
}

/**
 * Sends the next page of what a stream missed, and moves its position behind what was sent: less than the page where
 * the reader stalls, so that what waits for a stalled reader is what was written to it, and no page.
 *
 * @returns how many frames were sent, and whether the reader took the whole page
 */
async function sendPage(
  stream: Stream,
  deps: ReplayDeps,
  request: PageRequest,
): Promise<{ readonly sent: number; readonly whole: boolean }> {
  const { target, told } = request;
  const page = recentPage(stream, deps.ring, target) ?? (await storedPage(stream, deps, request));
  if (page === undefined || stream.state !== 'replaying') return { sent: 0, whole: false };
  const wanted = page.frames.filter(
    (frame) =>
      (!stream.filter || stream.filter.types.has(frame.type)) &&
      !(frame.id <= told.snapshotAt && isStandings(frame)),
  );
  let sent = 0;
  for (const part of parts(wanted)) {
    stream.position = part.at(-1)?.id ?? stream.position;
    stream.deliver(new Batch(part));
    sent += part.length;
    const inTime = await within(KEEP_PAGE_MS, stream.drained());
    if (!inTime || stream.state !== 'replaying') return { sent, whole: false };
  }
  stream.position = page.through;
  return { sent, whole: true };
}

/** Whether something comes to pass within so many ms. */
async function within(boundMs: number, event: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), boundMs);
  });
  const happened = await Promise.race([event.then(() => true), late]);
  clearTimeout(timer);
  return happened;
}

/** Cuts frames into parts that a peer may be sent at once. */
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

/** Whether a snapshot of the standings says it, too. */
function isStandings({ type, scope }: LiveFrame): boolean {
  const told = type === 'LEADERBOARD_UPDATE' || type === 'LEADERBOARD_FREEZE';
  return told && scopeKind(scope) !== 'contest';
}

/** Frames up to and including `through`: all that the stream's scopes have there. */
interface Page {
  readonly frames: LiveFrame[];
  readonly through: number;
}

function recentPage(stream: Stream, ring: Ring, target: number): Page | undefined {
  const frames = ring.since(stream.position, stream.scopes);
  if (!frames) return undefined;
  // The ring may already hold frames of the next turn.
  while ((frames.at(-1)?.id ?? 0) > target) frames.pop();
  if (frames.length <= PAGE) return { frames, through: target };
  const cut = frames.slice(0, PAGE);
  return { frames: cut, through: cut.at(-1)?.id ?? target };
}

/** `undefined` when the stream was closed over it. */
async function storedPage(
  stream: Stream,
  deps: ReplayDeps,
  { target, pageSize, told }: PageRequest,
): Promise<Page | undefined> {
  const after = stream.position;
  const classes = new Set<KeepClass>(stream.scopes.map(keepClassOf));
  if (!told.stale && transientTypesAmong(stream.filter?.types).length > 0) classes.add('nudge');
  for (let failures = 0; stream.state === 'replaying'; failures++) {
    const limit = failures === 0 ? pageSize : SMALL_PAGE;
    try {
      const read = await deps.semaphore.run(async () => {
        // It may have waited in line for longer than its stream was open.
        if (stream.state !== 'replaying') return undefined;
        const rows = await readScopes(deps.query, stream.scopes, after, target, limit);
        // Read behind the rows: what was deleted meanwhile shows here.
        return { rows, tails: await readTails(deps.query) };
      });
      if (read === undefined) return undefined;
      const { rows, tails } = read;
      if ([...classes].some((keepClass) => tails[keepClass] > after + 1)) {
        stream.close('reset');
        return undefined;
      }
      const epoch = deps.epoch();
      const through = rows.length === limit ? (rows.at(-1)?.id ?? target) : target;
      return { frames: rows.map((row) => new LiveFrame(row, epoch)), through };
    } catch (error) {
      deps.onError?.(error);
      await sleep(Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** failures));
    }
  }
  return undefined;
}
