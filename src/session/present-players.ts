import type { Queries } from '../db/database.ts';
import type { EventData } from '../protocol/event.ts';

export interface PresentPlayersOptions {
  readonly database: Pick<Queries, 'query'>;
  /** Time that a player counts as present after the last stream closed, ms. */
  readonly graceMs: number;
  /** Age of the last heartbeat from which a session counts as dead, ms. */
  readonly heartbeatTimeoutMs: number;
}

/** Players who are present, by the sessions of all nodes. */
export interface PresentPlayers {
  /** Reads the players who are present now. */
  now(): Promise<Set<number>>;
  /**
   * Reads the players who were last announced as online. Players whom a kept PLAYER_STATUS names are as the newest of
   * these says; all others are as the sessions were when the last one was published.
   */
  lastAnnounced(): Promise<Set<number>>;
}

/** Rows are written a moment late, and clocks differ: a player who is announced twice is better than one never, ms. */
const MARGIN_MS = 2_000;
/** Assumed age of the last announcement where none is kept any more, ms: nothing changed for at least this long. */
const MAX_KEPT_MS = 300_000;
/** Max events that are read, newest first: those of 15 minutes at the default interval. */
const MAX_EVENTS = 300;

/**
 * Reads presence from `stream_session`. A session counts from its opening until `graceMs` after its closing, and a lost
 * one until `heartbeatTimeoutMs` after its last heartbeat, whether it is swept by then or not.
 */
export function createPresentPlayers(options: PresentPlayersOptions): PresentPlayers {
  const { database } = options;
  const grace = options.graceMs * 1_000;
  const timeout = options.heartbeatTimeoutMs * 1_000;

  /** @param at SQL of the moment @param opened SQL condition that a session was open by then */
  const presentAt = (at: string, opened: string) => `
    SELECT player_id AS playerId FROM stream_session
     WHERE disconnected_at IS NULL AND last_heartbeat_at > ${at} - INTERVAL ${timeout} MICROSECOND
       AND player_id > 0 ${opened}
    UNION
    SELECT player_id AS playerId FROM stream_session
     WHERE disconnected_at > ${at} - INTERVAL ${Math.max(grace, timeout)} MICROSECOND
       AND disconnected_at > ${at} - INTERVAL IF(close_reason = 'lost', ${timeout}, ${grace}) MICROSECOND
       AND player_id > 0 ${opened}`;

  /** The moment that is a bound number of µs ago. */
  const PAST = `(UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND)`;
  const presentNow = presentAt('UTC_TIMESTAMP(3)', '');
  const presentThen = presentAt(PAST, `AND connected_at <= ${PAST}`);

  async function read(sql: string, values: readonly number[]): Promise<Set<number>> {
    const rows = await database.query<{ playerId: number }>(sql, values);
    return new Set(rows.map(({ playerId }) => playerId));
  }

  return {
    now: () => read(presentNow, []),

    async lastAnnounced() {
      const events = await database.query<{ ageMs: number; data: string }>(
        `SELECT TIMESTAMPDIFF(MICROSECOND, created_at, UTC_TIMESTAMP(3)) DIV 1000 AS ageMs, data FROM notification
          WHERE scope = 'global' AND keep_class = 'nudge' AND type = 'PLAYER_STATUS'
          ORDER BY id DESC LIMIT ${MAX_EVENTS}`,
      );
      const ago = (Math.max(0, events[0]?.ageMs ?? MAX_KEPT_MS) + MARGIN_MS) * 1_000;
      const players = await read(presentThen, Array(5).fill(ago));
      // Sessions alone are not enough: one that was announced as gone may still be within the grace, or may be back.
      for (const { data } of events.reverse()) {
        const { online, offline } = JSON.parse(data) as EventData<'PLAYER_STATUS'>;
        for (const { playerId } of online) players.add(playerId);
        for (const { playerId } of offline) players.delete(playerId);
      }
      return players;
    },
  };
}
