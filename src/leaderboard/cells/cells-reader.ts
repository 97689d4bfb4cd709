import { type Bytes, encodeBytes } from '../../channel/live-frame.ts';
import type { Database } from '../../db/database.ts';
import { dataOf } from '../../events/row-data.ts';
import type { LogRow } from '../../log/row.ts';
import type { PlatformClock } from '../../platform/clock.ts';
import {
  applyCells,
  type Cell,
  type CellsDelta,
  type CellsSnapshot,
  type CellsState,
} from '../../protocol/cells.ts';
import { encodeData } from '../../protocol/frame.ts';
import { createCells } from './cells-publisher.ts';
import { type CellsAudience, readCellsVersion, readStoredCells } from './cells-rows.ts';

export interface CellsReaderOptions {
  readonly database: Pick<Database, 'query' | 'execute' | 'transaction'>;
  readonly clock: PlatformClock;
}

/** Cells at one version, shared by all streams and requests that read them. */
export interface CellsView extends CellsState {
  /** Data lines of a `cells-snapshot` frame, encoded once for all streams. */
  readonly bytes: Bytes;
}

/** Max waits for loads that began before a call. */
const MAX_ATTEMPTS = 8;
/** Idle time after which the cells of a contest are evicted, ms. */
const IDLE_MS = 60_000;

interface Followed {
  state: CellsState;
  view: CellsView | undefined;
  usedAt: number;
}

interface Loading {
  readonly missed: CellsDelta[];
  readonly done: Promise<CellsView | undefined>;
}

/**
 * Read cache of published cells on this node: those of a contest are loaded once, shared by all callers, and kept current from
 * the log. A returned view is never older than the version in the tables at the time of the call.
 */
export class CellsReader {
  readonly #options: CellsReaderOptions;
  readonly #followed = new Map<string, Followed>();
  readonly #loading = new Map<string, Loading>();

  constructor(options: CellsReaderOptions) {
    this.#options = options;
  }

  /**
   * Reads the cells of a contest; the first call creates them.
   * @param seesReal whether the caller sees what a freeze hides
   * @returns undefined when there is no such contest
   */
  async read(contestId: number, seesReal: boolean): Promise<CellsView | undefined> {
    const audience: CellsAudience = seesReal ? 'real' : 'shown';
    const key = `${contestId}/${audience}`;
    this.#evict();
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const version = await readCellsVersion(this.#options.database, contestId, audience);
      if (version === undefined && !(await createCells(this.#options, contestId, audience))) return undefined;
      const followed = this.#followed.get(key);
      if (followed && version !== undefined && followed.state.version >= version) {
        followed.usedAt = performance.now();
        followed.view ??= viewOf(contestId, audience, followed.state);
        return followed.view;
      }
      // A load that began before this call may be of an older version.
      const loading = this.#loading.get(key);
      if (!loading) return this.#load(key, contestId, audience).done;
      await loading.done.catch(() => {});
    }
    return this.#load(key, contestId, audience).done;
  }

  /** Applies rows of the log. Called before any stream receives them. */
  observe(rows: readonly LogRow[]): void {
    if (this.#followed.size === 0 && this.#loading.size === 0) return;
    for (const row of rows) {
      const delta = dataOf('CELLS_UPDATE', row);
      if (!delta) continue;
      const key = `${delta.contestId}/${delta.real ? 'real' : 'shown'}`;
      this.#loading.get(key)?.missed.push(delta);
      const followed = this.#followed.get(key);
      const state = followed && applyCells(followed.state, delta);
      if (!followed || state === followed.state) continue;
      if (state) this.#followed.set(key, { ...followed, state, view: undefined });
      else this.#followed.delete(key);
    }
  }

  /** Evicts everything, after a reset of the log. What loads under way have read is not kept. */
  reset(): void {
    this.#followed.clear();
    this.#loading.clear();
  }

  #load(key: string, contestId: number, audience: CellsAudience): Loading {
    const missed: CellsDelta[] = [];
    const read = async () => {
      try {
        const stored = await readStoredCells(this.#options.database, contestId, audience);
        if (!stored) return undefined;
        const rows = [...stored.rows].map(
          ([playerId, cells]) => [playerId, { playerId, cells: JSON.parse(cells) as Cell[] }] as const,
        );
        let state: CellsState | undefined = { ...stored, rows: new Map(rows) };
        const view = viewOf(contestId, audience, state);
        for (const delta of missed) state = state && applyCells(state, delta);
        if (state && this.#loading.get(key) === loading)
          this.#followed.set(key, { state, view: undefined, usedAt: performance.now() });
        return view;
      } finally {
        if (this.#loading.get(key) === loading) this.#loading.delete(key);
      }
    };
    const loading: Loading = { missed, done: read() };
    this.#loading.set(key, loading);
    return loading;
  }

  #evict(): void {
    const now = performance.now();
    for (const [key, { usedAt }] of this.#followed) if (now - usedAt > IDLE_MS) this.#followed.delete(key);
  }
}

function viewOf(contestId: number, audience: CellsAudience, state: CellsState): CellsView {
  let bytes: Bytes | undefined;
  return {
    ...state,
    get bytes() {
      const { version, problems, rows } = state;
      const real = audience === 'real' ? { real: true } : {};
      const snapshot: CellsSnapshot = { contestId, version, problems, rows: [...rows.values()], ...real };
      bytes ??= encodeBytes(encodeData(JSON.stringify(snapshot)));
      return bytes;
    },
  };
}
