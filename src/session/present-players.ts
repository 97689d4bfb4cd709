import type { Queries } from '../db/database.ts';
import { isAlive, JOIN_LEASE } from '../db/live-sessions.ts';
import { parseData } from '../events/row-data.ts';
import { chunk } from '../util/chunk.ts';

export interface PresentPlayersOptions {
  readonly database: Pick<Queries, 'query'>;
  /** Time that a player counts as present after the last stream closed, ms. */
  readonly graceMs: number;
  /** Age of the last heartbeat from which a session of a node without a lease is dead, ms. */
  readonly heartbeatTimeoutMs: number;
}

/** Player with sessions that are alive, or that ended lately. */
export interface PlayerSessions {
  readonly playerId: number;
  /** Whether a session is alive. */
  readonly alive: boolean;
  /** Time for which the player still counts as present after the last session closed, ms; 0 or less: it is over. */
  readonly graceLeftMs: number;
}

/** Player of whom a session was written. */
export interface ChangedPlayer {
  readonly playerId: number;
  /** Time of the newest write, to be compared for equality alone. */
  readonly changedAt: string;
}

/** Players who are present, by the sessions of all nodes. */
export interface PresentPlayers {
  /** Reads these players, or all. Those without sessions, alive or ended lately, are left out. */
  read(playerIds?: readonly number[]): Promise<PlayerSessions[]>;
  /** Reads the players of whom sessions were written within this time, ms. */
  changedWithin(ms: number): Promise<ChangedPlayer[]>;
  /**
   * Reads the players who were last announced as online. A player whom kept PLAYER_STATUS events name is as in the
   * newest of these; all others are as the sessions were when the last one was published.
   */
  lastAnnounced(): Promise<Set<number>>;
}

/** Rows are written a moment late, and clocks differ: a player who is announced twice is better than one never, ms. */
const MARGIN_MS = 2_000;
/** Assumed age of the last announcement where none is kept any more, ms: nothing changed for at least this long. */
const MAX_KEPT_MS = 300_000;
/** Max events that are read, newest first: those of 15 minutes at the default interval. */
const MAX_EVENTS = 300;
/** Max players per statement. */
const PAGE = 1_000;

/**
 * Reads presence from `stream_session`. A session counts while it is alive and until `graceMs` after it closed, and a lost
 * one until `heartbeatTimeoutMs` after its last sign of life.
 */
export function createPresentPlayers(options: PresentPlayersOptions): PresentPlayers {
  const { database } = options;
  const grace = options.graceMs * 1_000;
  const timeout = options.heartbeatTimeoutMs * 1_000;

  const readWhere = (which: string, values: readonly unknown[]) =>
    database.query<{ playerId: number; alive: number | null; graceLeftUs: number | null }>(
      `SELECT s.player_id AS playerId, MAX(s.disconnected_at IS NULL AND ${isAlive(options.heartbeatTimeoutMs)}) AS alive,
              MAX(TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3),
                s.disconnected_at + INTERVAL IF(s.close_reason = 'lost', ${timeout}, ${grace}) MICROSECOND)) AS graceLeftUs
         FROM stream_session s ${JOIN_LEASE}
        WHERE ${which} (s.disconnected_at IS NULL
              OR s.disconnected_at > UTC_TIMESTAMP(3) - INTERVAL ${Math.max(grace, timeout)} MICROSECOND)
        GROUP BY s.player_id`,
      values,
    );

  /** SQL of the moment that is a bound number of µs ago. */
  const PAST = `(UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND)`;

  return {
    async read(playerIds) {
      const pages =
        playerIds === undefined
          ? [await readWhere('s.player_id > 0 AND', [])]
          : await Promise.all(
              chunk(playerIds, PAGE).map((page) => readWhere('s.player_id IN (?) AND', [page])),
            );
      return pages.flat().map(({ playerId, alive, graceLeftUs }) => ({
        playerId,
        alive: Number(alive) === 1,
        graceLeftMs: Number(graceLeftUs ?? 0) / 1_000,
      }));
    },

    changedWithin: (ms) =>
      database.query<ChangedPlayer>(
        `SELECT player_id AS playerId, CAST(MAX(changed_at) AS CHAR) AS changedAt FROM stream_session
          WHERE changed_at > CURRENT_TIMESTAMP(3) - INTERVAL ? MICROSECOND AND player_id > 0 GROUP BY player_id`,
        [Math.ceil(ms * 1_000)],
      ),

    async lastAnnounced() {
      const events = await database.query<{ ageMs: number; data: string }>(
        `SELECT TIMESTAMPDIFF(MICROSECOND, created_at, UTC_TIMESTAMP(3)) DIV 1000 AS ageMs, data FROM notification
          WHERE scope = 'global' AND keep_class = 'nudge' AND type = 'PLAYER_STATUS'
          ORDER BY id DESC LIMIT ${MAX_EVENTS}`,
      );
      const ago = (Math.max(0, events[0]?.ageMs ?? MAX_KEPT_MS) + MARGIN_MS) * 1_000;
      const rows = await database.query<{ playerId: number }>(
        `SELECT player_id AS playerId FROM stream_session
          WHERE disconnected_at IS NULL AND last_heartbeat_at > ${PAST} - INTERVAL ${timeout} MICROSECOND
            AND player_id > 0 AND connected_at <= ${PAST}
         UNION
         SELECT player_id AS playerId FROM stream_session
          WHERE disconnected_at > ${PAST} - INTERVAL ${Math.max(grace, timeout)} MICROSECOND
            AND disconnected_at > ${PAST} - INTERVAL IF(close_reason = 'lost', ${timeout}, ${grace}) MICROSECOND
            AND player_id > 0 AND connected_at <= ${PAST}`,
        Array(5).fill(ago),
      );
      const players = new Set(rows.map(({ playerId }) => playerId));
      // Sessions alone are not enough: one that was announced as gone may still be within the grace, or may be back.
      for (const { data } of events.reverse()) {
        const { online, offline } = parseData<'PLAYER_STATUS'>(data);
        for (const { playerId } of online) players.add(playerId);
        for (const { playerId } of offline) players.delete(playerId);
      }
      return players;
    },
  };
}
