import { MAX_DATA_BYTES } from '../events/prepare.ts';
import type { LeaderboardDelta, LeaderboardRow } from '../protocol/leaderboard.ts';
import type { Step } from './step.ts';
import type { Audience } from './stored-leaderboard.ts';

/** Max size of a chain of deltas, bytes. Beyond it readers load the leaderboard again. */
const MAX_BYTES = 3 * 1024 * 1024;
/** Size of a delta without its rows, shifts and removed ids, bytes. */
const FRAME_BYTES = 512;
const MAX_ITEMS = 10_000;

export interface DeltaContext {
  readonly contestId: number;
  /** Version that the readers are at. */
  readonly from: number;
  /** Lower bound of the deltas' versions, exclusive: the highest version that any reader is at. */
  readonly after: number;
  readonly audience: DeltaAudience;
}

/** Whom a delta is for: everybody, or while the leaderboard is frozen, admins (`real`) or players (`shown`). */
export type DeltaAudience = Audience | 'all';

/**
 * Splits a step into deltas, each within the size limit of an event. The first moves ranks, since shifts refer to the old
 * ranks; the others carry rows alone. A reader is consistent only after the last, so they are appended together.
 * @returns undefined when the chain would exceed the limit
 */
export function deltasOf(
  step: Omit<Step, 'order'> & { total: number },
  context: DeltaContext,
): LeaderboardDelta[] | undefined {
  const { contestId, from, after, audience } = context;
  const fixed = JSON.stringify([step.removed, step.shifts]).length + FRAME_BYTES;
  if (fixed > MAX_DATA_BYTES / 2 || step.removed.length > MAX_ITEMS || step.shifts.length > MAX_ITEMS)
    return undefined;
  const pages = pagesOf(step.changed, fixed);
  if (!pages) return undefined;
  return pages.map((changed, index) => ({
    contestId,
    previous: index === 0 ? from : after + index,
    version: after + index + 1,
    total: step.total,
    changed,
    removed: index === 0 ? [...step.removed] : [],
    shifts: index === 0 ? [...step.shifts] : [],
    ...markOf(audience),
  }));
}

/** Delta that no reader can apply: all readers load the leaderboard again, at `version` or later. */
export function missedDelta(
  contestId: number,
  version: number,
  total: number,
  audience: DeltaAudience,
): LeaderboardDelta {
  return {
    contestId,
    previous: version - 1,
    version,
    total,
    changed: [],
    removed: [],
    shifts: [],
    ...markOf(audience),
  };
}

function markOf(audience: DeltaAudience): { readonly real?: true; readonly shown?: true } {
  return audience === 'all' ? {} : { [audience]: true };
}

/** At least one page; the first leaves `reserved` bytes free. */
function pagesOf(rows: readonly LeaderboardRow[], reserved: number): LeaderboardRow[][] | undefined {
  const pages: LeaderboardRow[][] = [[]];
  let size = reserved;
  let sum = 0;
  for (const row of rows) {
    const bytes = Buffer.byteLength(JSON.stringify(row)) + 1;
    sum += bytes;
    if (sum > MAX_BYTES) return undefined;
    const page = pages.at(-1) as LeaderboardRow[];
    if (size + bytes > MAX_DATA_BYTES || page.length >= MAX_ITEMS) {
      pages.push([row]);
      size = FRAME_BYTES + bytes;
    } else {
      page.push(row);
      size += bytes;
    }
  }
  return pages;
}
