import { MAX_DATA_BYTES } from '../log/prepare.ts';
import type { BoardDelta, Standing } from '../protocol/board.ts';
import type { Step } from './step.ts';

/** More than this in one go is not sent as changes: whoever shows the board reads it again instead. Bytes. */
const MAX_BYTES = 3 * 1024 * 1024;
/** What a delta weighs besides its rows, ranks and ids. Bytes. */
const FRAME_BYTES = 512;
const MAX_ITEMS = 10_000;

export interface DeltaContext {
  readonly contestId: number;
  /** The version that the readers are at. */
  readonly from: number;
  /** The version that the first delta may not go below: where some readers are further on than others. */
  readonly after: number;
  readonly real: boolean;
}

/**
 * A step as deltas, each within what an event may weigh: the first says how ranks moved, since it is applied to the old
 * ones, and the rest carry rows alone. Only after the last is a reader's board right again; they are appended together.
 * @returns undefined when that would be too much
 */
export function deltasOf(
  step: Omit<Step, 'order'> & { total: number },
  context: DeltaContext,
): BoardDelta[] | undefined {
  const { contestId, from, after, real } = context;
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
    ...(real ? { real } : {}),
  }));
}

/** Says that everything up to `version` was missed, whatever a reader has: the board is to be read again. */
export function missedDelta(contestId: number, version: number, total: number, real: boolean): BoardDelta {
  return {
    contestId,
    previous: version - 1,
    version,
    total,
    changed: [],
    removed: [],
    shifts: [],
    ...(real ? { real } : {}),
  };
}

/** At least one page, the first with room for `reserved` bytes more. */
function pagesOf(rows: readonly Standing[], reserved: number): Standing[][] | undefined {
  const pages: Standing[][] = [[]];
  let size = reserved;
  let sum = 0;
  for (const row of rows) {
    const bytes = Buffer.byteLength(JSON.stringify(row)) + 1;
    sum += bytes;
    if (sum > MAX_BYTES) return undefined;
    const page = pages.at(-1) as Standing[];
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
