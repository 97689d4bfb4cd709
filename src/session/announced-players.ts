import type { Queries } from '../db/database.ts';
import { parseData } from '../events/row-data.ts';
import type { Precondition } from '../log/append-statement.ts';

/** Who was last announced as online: the rows of `announced_player`, with their version in `announced_presence`. */
export interface AnnouncedPlayers {
  /** Player ids in `announced_player`. */
  readonly stored: Set<number>;
  /** Optimistic lock of the rows; undefined: nothing has been stored yet. */
  readonly version: number | undefined;
  /** Players who are online by the announcements; undefined: unknown, to be inferred from the sessions. */
  readonly players: Set<number> | undefined;
}

/** Change of the stored rows. */
export interface AnnouncedChange {
  readonly came: readonly number[];
  readonly went: readonly number[];
  /** Count of players who are announced as online after it. */
  readonly online: number;
  /** Position of the log below which every announcement is contained in the rows before the change. */
  readonly position: number;
}

/**
 * Reads who was last announced as online. A leader of an older release publishes PLAYER_STATUS without storing it, so the
 * kept events behind the stored position are applied to the rows. If the result has another size than the count in the
 * newest of them, an event named only a part of its players: then the rows do not suffice.
 */
export async function readAnnouncedPlayers(database: Pick<Queries, 'query'>): Promise<AnnouncedPlayers> {
  const [state] = await database.query<{ version: number; online: number; position: number }>(
    'SELECT version, online, position FROM announced_presence WHERE id = 1',
  );
  if (state === undefined) return { stored: new Set(), version: undefined, players: undefined };
  const rows = await database.query<{ playerId: number }>(
    'SELECT player_id AS playerId FROM announced_player',
  );
  const stored = new Set(rows.map(({ playerId }) => playerId));
  const events = await database.query<{ data: string }>(
    `SELECT data FROM notification
      WHERE scope = 'global' AND keep_class = 'nudge' AND type = 'PLAYER_STATUS' AND id > ? ORDER BY id`,
    [state.position],
  );
  const players = new Set(stored);
  let count = state.online;
  for (const { data } of events) {
    const { online, offline, onlineCount } = parseData<'PLAYER_STATUS'>(data);
    for (const { playerId } of online) players.add(playerId);
    for (const { playerId } of offline) players.delete(playerId);
    count = onlineCount;
  }
  return { stored, version: state.version, players: count === players.size ? players : undefined };
}

/** Reads the position of the newest row of the log. */
export async function readHeadPosition(database: Pick<Queries, 'query'>): Promise<number> {
  const [row] = await database.query<{ head: number }>('SELECT head FROM log_head WHERE id = 1');
  return row?.head ?? 0;
}

/** Makes the preconditions of an append that change the rows, if these still have the version. */
export function changeAnnounced(version: number | undefined, change: AnnouncedChange): Precondition[] {
  const { came, went, online, position } = change;
  const whole = (ids: readonly number[]) => ids.map((id) => Math.trunc(id));
  return [
    ...(version === undefined
      ? [{ sql: 'INSERT IGNORE INTO announced_presence (id, version, online, position) VALUES (1, 0, 0, 0)' }]
      : []),
    {
      sql: `UPDATE announced_presence SET version = version + 1, online = ${Math.trunc(online)},
              position = ${Math.trunc(position)} WHERE id = 1 AND version = ${Math.trunc(version ?? 0)}`,
      expectedRows: 1,
      rows: 'announced_presence WHERE id = 1',
    },
    ...(went.length === 0
      ? []
      : [{ sql: `DELETE FROM announced_player WHERE player_id IN (${whole(went).join(',')})` }]),
    ...(came.length === 0
      ? []
      : [
          {
            sql: `INSERT IGNORE INTO announced_player (player_id) VALUES ${whole(came)
              .map((id) => `(${id})`)
              .join(',')}`,
          },
        ]),
  ];
}

/** Players who were announced as online, and what of them is not stored yet. */
export class AnnouncedSet {
  readonly players: Set<number>;
  readonly #missing = new Set<number>();
  readonly #surplus = new Set<number>();
  #version: number | undefined;

  /** @param players who were announced: other than the stored ones where a leader of an older release has announced since */
  constructor({ stored, version }: Pick<AnnouncedPlayers, 'stored' | 'version'>, players: Set<number>) {
    this.players = players;
    this.#version = version;
    for (const id of players) if (!stored.has(id)) this.#missing.add(id);
    for (const id of stored) if (!players.has(id)) this.#surplus.add(id);
  }

  get version(): number | undefined {
    return this.#version;
  }

  get isStored(): boolean {
    return this.#version !== undefined && this.#missing.size === 0 && this.#surplus.size === 0;
  }

  /** Applies who came and who went. */
  apply(came: readonly number[], went: readonly number[]): void {
    for (const id of came) {
      this.players.add(id);
      if (!this.#surplus.delete(id)) this.#missing.add(id);
    }
    for (const id of went) {
      this.players.delete(id);
      if (!this.#missing.delete(id)) this.#surplus.add(id);
    }
  }

  /** Returns the rows to insert and to delete, at most `limit` of each. */
  unstored(limit: number): Pick<AnnouncedChange, 'came' | 'went'> {
    return { came: [...this.#missing].slice(0, limit), went: [...this.#surplus].slice(0, limit) };
  }

  /** Notes that a change was stored. */
  stored({ came, went }: Pick<AnnouncedChange, 'came' | 'went'>): void {
    for (const id of came) this.#missing.delete(id);
    for (const id of went) this.#surplus.delete(id);
    this.#version = (this.#version ?? 0) + 1;
  }
}
