import { type Bytes, encodeBytes } from '../channel/live-frame.ts';
import type { Board, BoardSnapshot, Standing } from '../protocol/board.ts';
import { encodeData } from '../protocol/frame.ts';

/** Leaderboard at one version, shared by all streams and requests that read it. */
export class LeaderboardView implements BoardSnapshot {
  readonly contestId: number;
  readonly version: number;
  readonly frozen: boolean;
  /** Best first. */
  readonly rows: readonly Standing[];
  #bytes: Bytes | undefined;

  constructor(contestId: number, version: number, frozen: boolean, rows: readonly Standing[]) {
    this.contestId = contestId;
    this.version = version;
    this.frozen = frozen;
    this.rows = rows;
  }

  static of(contestId: number, { version, rows }: Board, frozen: boolean): LeaderboardView {
    const sorted = [...rows.values()].sort((a, b) => a.rank - b.rank || a.playerId - b.playerId);
    return new LeaderboardView(contestId, version, frozen, sorted);
  }

  get total(): number {
    return this.rows.length;
  }

  /** Data lines of a `leaderboard-snapshot` frame, encoded once for all streams. */
  get bytes(): Bytes {
    const { contestId, version, frozen, total, rows } = this;
    const snapshot: BoardSnapshot = { contestId, version, frozen, total, rows };
    this.#bytes ??= encodeBytes(encodeData(JSON.stringify(snapshot)));
    return this.#bytes;
  }
}
