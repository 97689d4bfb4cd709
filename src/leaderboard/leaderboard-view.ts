import { type Bytes, encodeBytes } from '../channel/live-frame.ts';
import { encodeData } from '../protocol/frame.ts';
import type { LeaderboardRow, LeaderboardSnapshot, LeaderboardState } from '../protocol/leaderboard.ts';

/** Leaderboard at one version, shared by all streams and requests that read it. */
export class LeaderboardView implements LeaderboardSnapshot {
  readonly contestId: number;
  readonly version: number;
  readonly frozen: boolean;
  /** Best first. */
  readonly rows: readonly LeaderboardRow[];
  #bytes: Bytes | undefined;

  constructor(contestId: number, version: number, frozen: boolean, rows: readonly LeaderboardRow[]) {
    this.contestId = contestId;
    this.version = version;
    this.frozen = frozen;
    this.rows = rows;
  }

  static of(contestId: number, { version, rows }: LeaderboardState, frozen: boolean): LeaderboardView {
    const sorted = [...rows.values()].sort((a, b) => a.rank - b.rank || a.playerId - b.playerId);
    return new LeaderboardView(contestId, version, frozen, sorted);
  }

  get total(): number {
    return this.rows.length;
  }

  /** Data lines of a `leaderboard-snapshot` frame, encoded once for all streams. */
  get bytes(): Bytes {
    const { contestId, version, frozen, total, rows } = this;
    const snapshot: LeaderboardSnapshot = { contestId, version, frozen, total, rows };
    this.#bytes ??= encodeBytes(encodeData(JSON.stringify(snapshot)));
    return this.#bytes;
  }
}
