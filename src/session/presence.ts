import { setTimeout as sleep } from 'node:timers/promises';
import type { Queries } from '../db/database.ts';
import { type LogPublisher, unitsOf } from '../events/log-publisher.ts';
import type { EventInput } from '../protocol/event.ts';
import { Problem } from '../protocol/problem.ts';
import { truncate } from '../util/truncate.ts';
import {
  AnnouncedSet,
  changeAnnounced,
  readAnnouncedPlayers,
  readHeadPosition,
} from './announced-players.ts';
import { PresenceChanges } from './presence-changes.ts';
import { createPresentPlayers } from './present-players.ts';

export interface PresenceOptions {
  readonly database: Pick<Queries, 'query'>;
  readonly publisher: Pick<LogPublisher, 'publishUnits'>;
  /** Time that a player counts as present after the last stream closed, so that a reload is not announced, ms. */
  readonly graceMs: number;
  /** Min time between two events, ms. */
  readonly intervalMs: number;
  /** Age of the last heartbeat from which a session of a node without a lease is dead, ms. */
  readonly heartbeatTimeoutMs: number;
  /** Time between two comparisons of all sessions with what was announced, ms; default 300,000. */
  readonly fullMs?: number;
  /**
   * Time after the start and after a failure in which nothing is published, ms; default 5000. After an outage of the
   * database all leases have ended until every node has renewed its own.
   */
  readonly settleMs?: number;
  /** Called for each failed round. */
  readonly onError?: (error: unknown) => void;
}

export interface Presence {
  /** Publishes who comes and goes until the signal aborts. For the leader only. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

type Status = EventInput<'PLAYER_STATUS'>;

/** Max players that an event names on either side. Everybody receives it: of more, it has the count alone. */
const MAX_NAMED = 10;
/** Max players per event on either side, so that its statements fit a packet of 64 KiB; the next event has the rest. */
const MAX_CHANGES = 2_500;
/** Max length of a name, in UTF-16 units; the platform's column counts code points. */
const NAME_LENGTH = 100;
const SETTLE_MS = 5_000;
const FULL_MS = 300_000;

/** State of a leader since it began. */
interface State {
  readonly announced: AnnouncedSet;
  readonly changes: PresenceChanges;
}

/**
 * Leader task that publishes who is online, conflated: at most one event per interval, and none when nothing changed.
 * Who was announced is stored in the transaction that appends the event, so a new leader continues where the last one
 * stopped. Before anything is stored, it is inferred from the sessions and the kept events.
 */
export function createPresence(options: PresenceOptions): Presence {
  const { database, publisher, intervalMs, settleMs = SETTLE_MS, fullMs = FULL_MS } = options;
  const players = createPresentPlayers(options);

  async function named(ids: readonly number[]): Promise<Status['online']> {
    if (ids.length === 0) return [];
    const rows = await database.query<{ id: number; name: string | null }>(
      'SELECT p.id, u.name FROM player p JOIN users u ON u.id = p.user_id WHERE p.id IN (?)',
      [ids],
    );
    const names = new Map(rows.map(({ id, name }) => [id, truncate(name ?? '', NAME_LENGTH)]));
    return ids.map((playerId) => {
      const playerName = names.get(playerId);
      return playerName ? { playerId, playerName } : { playerId };
    });
  }

  async function begin(): Promise<State> {
    const stored = await readAnnouncedPlayers(database);
    return {
      announced: new AnnouncedSet(stored, stored.players ?? (await players.lastAnnounced())),
      changes: new PresenceChanges({ players, fullMs }),
    };
  }

  async function announce({ announced, changes }: State): Promise<void> {
    const { came, went } = await changes.next(announced.players, MAX_CHANGES);
    announced.apply(came, went);
    const unstored = announced.unstored(MAX_CHANGES);
    const changed = came.length > 0 || went.length > 0;
    if (!changed && announced.isStored) return;
    const change = {
      ...unstored,
      online: announced.players.size,
      position: await readHeadPosition(database),
    };
    const units = changed
      ? unitsOf([{ type: 'PLAYER_STATUS', data: await statusOf(came, went, announced.players.size) }])
      : [{ drafts: [] }];
    const preconditions = changeAnnounced(announced.version, change);
    await publisher.publishUnits(units.map((unit) => ({ ...unit, preconditions })));
    announced.stored(unstored);
  }

  async function statusOf(
    came: readonly number[],
    went: readonly number[],
    onlineCount: number,
  ): Promise<Status> {
    const some = (ids: readonly number[]) => (ids.length > MAX_NAMED ? [] : ids);
    return {
      online: await named(some(came)),
      offline: await named(some(went)),
      onlineCount,
      cameCount: came.length,
      wentCount: went.length,
      truncated: came.length > MAX_NAMED || went.length > MAX_NAMED,
    };
  }

  return {
    async run(signal) {
      let state: State | undefined;
      let settled: number | undefined;
      while (!signal.aborted) {
        try {
          if (settled === undefined) {
            await readHeadPosition(database);
            settled = performance.now() + settleMs;
          }
          if (performance.now() >= settled) {
            state ??= await begin();
            if (signal.aborted) return;
            await announce(state);
          }
        } catch (error) {
          // A failed append may have been committed, and another leader may have announced: read again what is stored.
          state = undefined;
          if (!(error instanceof Problem && error.code === 'superseded')) {
            settled = undefined;
            if (!signal.aborted) options.onError?.(error);
          }
        }
        await sleep(intervalMs, undefined, { signal }).catch(() => {});
      }
    },
  };
}
