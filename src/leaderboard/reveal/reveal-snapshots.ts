import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { LogRow } from '../../log/row.ts';
import type { RevealStandings } from '../../protocol/api/reveal.ts';
import { parseScope } from '../../protocol/scope.ts';
import type { CellsReader } from '../cells/cells-reader.ts';
import type { LeaderboardReader } from '../leaderboard-reader.ts';
import type { ContestReveals } from './contest-reveals.ts';

export interface RevealSnapshotsOptions {
  readonly reveals: Pick<ContestReveals, 'read'>;
  readonly leaderboards: Pick<LeaderboardReader, 'read'>;
  readonly cells: Pick<CellsReader, 'read'>;
  /** Cursor of the newest frame that was delivered to streams of this node. */
  readonly cursor: () => string;
}

/** What everybody is shown in the middle of a reveal, encoded once. */
export interface RevealSnapshot {
  /** Number of the freeze that is revealed; 0: none is. */
  readonly freezeNo: number;
  readonly step: number;
  readonly etag: string;
  /** JSON of `RevealStandings`; empty unless the reveal is open. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** The same, compressed. */
  readonly gzipped: Uint8Array<ArrayBuffer>;
}

/** Step that a caller knows of. */
export interface KnownStep {
  readonly freezeNo: number;
  readonly step: number;
}

interface Loading {
  readonly done: Promise<RevealSnapshot>;
  /** Whether something changed since it began. */
  outdated: boolean;
}

interface Kept {
  readonly snapshot: RevealSnapshot;
  readonly readAt: number;
  /** Whether nothing has changed since it was read. */
  current: boolean;
}

const NOTHING = new Uint8Array();
const compress = promisify(gzip);
/** Max age of a snapshot, ms: a stream opened at its cursor must find everything that was sent since. */
const MAX_AGE_MS = 30_000;
/** Level of compression, 1 to 9. */
const COMPRESSION = 4;
/** Events that change what is shown of a reveal. */
const TYPES: ReadonlySet<string> = new Set([
  'CONTEST_REVEAL',
  'CONTEST_REVEAL_STEP',
  'LEADERBOARD_UPDATE',
  'LEADERBOARD_FREEZE',
  'CELLS_UPDATE',
]);

/**
 * Read cache of open reveals on this node. All who watch one read the same at the same time: it is read and encoded once for
 * them, and again only after the log has reported a change, or after half a minute. A snapshot names the cursor from before it
 * was read, so a stream opened there delivers every change that it lacks.
 */
export class RevealSnapshots {
  readonly #options: RevealSnapshotsOptions;
  readonly #kept = new Map<number, Kept>();
  readonly #loading = new Map<number, Loading>();

  constructor(options: RevealSnapshotsOptions) {
    this.#options = options;
  }

  /**
   * Reads the reveal of a contest, with all rows and cells where it is open.
   * @param known a step that the snapshot contains in any case, if it was taken: another node may have published it before this one
   * has followed the log so far
   */
  async read(contestId: number, known: KnownStep): Promise<RevealSnapshot> {
    this.#evict();
    const kept = this.#kept.get(contestId);
    if (kept?.current && contains(kept.snapshot, known)) return kept.snapshot;
    const loading = this.#loading.get(contestId);
    const snapshot = loading && (await loading.done.catch(() => undefined));
    if (snapshot && contains(snapshot, known)) return snapshot;
    return (this.#loading.get(contestId) ?? this.#load(contestId)).done;
  }

  /** Notes what the log reports of reveals. Called before any stream receives it. */
  observe(rows: readonly LogRow[]): void {
    if (this.#kept.size === 0 && this.#loading.size === 0) return;
    for (const { type, scope } of rows) {
      const contestId = TYPES.has(type) ? parseScope(scope)?.id : undefined;
      if (contestId !== undefined) this.#outdate(contestId);
    }
  }

  /** Evicts everything, after a reset of the log: earlier cursors may be refused. */
  reset(): void {
    this.#kept.clear();
    this.#loading.clear();
  }

  #outdate(contestId: number): void {
    const kept = this.#kept.get(contestId);
    if (kept) kept.current = false;
    const loading = this.#loading.get(contestId);
    if (loading) loading.outdated = true;
  }

  #load(contestId: number): Loading {
    const readAt = performance.now();
    const loading: Loading = {
      outdated: false,
      done: this.#read(contestId)
        .then((snapshot) => {
          if (this.#loading.get(contestId) !== loading) return snapshot;
          const known = this.#kept.get(contestId);
          if (known?.snapshot === snapshot) known.current = !loading.outdated;
          else this.#kept.set(contestId, { snapshot, readAt, current: !loading.outdated });
          return snapshot;
        })
        .finally(() => {
          if (this.#loading.get(contestId) === loading) this.#loading.delete(contestId);
        }),
    };
    this.#loading.set(contestId, loading);
    return loading;
  }

  async #read(contestId: number): Promise<RevealSnapshot> {
    const { reveals, leaderboards, cells } = this.#options;
    const cursor = this.#options.cursor();
    const reveal = await reveals.read(contestId);
    const { state, freezeNo = 0, step } = reveal;
    const none = { freezeNo, step, etag: '""', body: NOTHING, gzipped: NOTHING };
    if (state !== 'open') return none;
    // After the step: rows of a later one do no harm, since it is applied to them again.
    const leaderboard = await leaderboards.read(contestId, false);
    const shown = await cells.read(contestId, false);
    if (!leaderboard || !shown) return none;
    const { version, total } = leaderboard;
    const part = JSON.stringify([contestId, freezeNo, step, version, shown.version]);
    const hash = createHash('sha256').update(part).digest('base64url').slice(0, 16);
    const etag = `"${step}-${hash}"`;
    const known = this.#kept.get(contestId)?.snapshot;
    if (known?.etag === etag) return known;
    const answer: RevealStandings = {
      ...reveal,
      version,
      total,
      cellsVersion: shown.version,
      problems: [...shown.problems],
      rows: leaderboard.rows.map((row) => ({
        ...row,
        cells: [...(shown.rows.get(row.playerId)?.cells ?? [])],
      })),
      cursor,
    };
    const body = new TextEncoder().encode(JSON.stringify(answer));
    const gzipped = new Uint8Array(await compress(body, { level: COMPRESSION }));
    return { freezeNo, step, etag, body, gzipped };
  }

  #evict(): void {
    const now = performance.now();
    for (const [contestId, { readAt }] of this.#kept)
      if (now - readAt > MAX_AGE_MS) this.#kept.delete(contestId);
  }
}

function contains({ freezeNo, step }: RevealSnapshot, known: KnownStep): boolean {
  return freezeNo > known.freezeNo || (freezeNo === known.freezeNo && step >= known.step);
}
