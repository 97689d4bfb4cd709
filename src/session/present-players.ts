import type { Queries } from '../db/database.ts';

export interface PresentPlayersOptions {
  readonly database: Pick<Queries, 'query'>;
  readonly graceMs: number;
  readonly heartbeatTimeoutMs: number;
}

/** The players who are there, by the sessions of all nodes. */
export interface PresentPlayers {
  now(): Promise<Set<number>>;
  /** Those who were there when the last PLAYER_STATUS was published. */
  lastAnnounced(): Promise<Set<number>>;
}

/** Rows come a moment later than what they tell of, and clocks differ: better somebody is told of twice than never. */
const MARGIN_MS = 2_000;
/** Where no announcement is kept any more, nothing had changed for at least so long, in ms. */
const FORGOTTEN_MS = 300_000;

/**
 * A session counts from its opening until `graceMs` after its closing, and one that broke off until
 * `heartbeatTimeoutMs` after its last heartbeat, swept or not: the sweep changes nothing.
 */
export function createPresentPlayers(options: PresentPlayersOptions): PresentPlayers {
  const { database } = options;
  const grace = options.graceMs * 1_000;
  const timeout = options.heartbeatTimeoutMs * 1_000;

  /** @param at SQL for the moment @param opened SQL that holds for sessions which were opened by then */
  const presentAt = (at: string, opened: string) => `
    SELECT player_id AS playerId FROM stream_session
     WHERE disconnected_at IS NULL AND last_heartbeat_at > ${at} - INTERVAL ${timeout} MICROSECOND
       AND player_id > 0 ${opened}
    UNION
    SELECT player_id AS playerId FROM stream_session
     WHERE disconnected_at > ${at} - INTERVAL ${Math.max(grace, timeout)} MICROSECOND
       AND disconnected_at > ${at} - INTERVAL IF(close_reason = 'lost', ${timeout}, ${grace}) MICROSECOND
       AND player_id > 0 ${opened}`;

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
      const [last] = await database.query<{ ageMs: number }>(
        `SELECT TIMESTAMPDIFF(MICROSECOND, created_at, UTC_TIMESTAMP(3)) DIV 1000 AS ageMs FROM notification
          WHERE scope = 'global' AND keep_class = 'nudge' AND type = 'PLAYER_STATUS' ORDER BY id DESC LIMIT 1`,
      );
      const ago = (Math.max(0, last?.ageMs ?? FORGOTTEN_MS) + MARGIN_MS) * 1_000;
      return read(presentThen, Array(5).fill(ago));
    },
  };
}
