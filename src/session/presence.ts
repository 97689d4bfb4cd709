import { setTimeout as sleep } from 'node:timers/promises';
import type { Queries } from '../db/database.ts';
import { type LogPublisher, unitsOf } from '../events/log-publisher.ts';
import type { EventInput } from '../protocol/event.ts';
import { Problem } from '../protocol/problem.ts';
import { truncate } from '../util/truncate.ts';
import { changeAnnounced, readAnnouncedPlayers, readHeadPosition } from './announced-players.ts';
import { createPresentPlayers } from './present-players.ts';

export interface PresenceOptions {
  readonly database: Pick<Queries, 'query'>;
  readonly publisher: Pick<LogPublisher, 'publishUnits'>;
  /** Time that a player counts as present after the last stream closed, so that a reload is not announced, ms. */
  readonly graceMs: number;
  /** Min time between two events, ms. */
  readonly intervalMs: number;
  /** Age of the last heartbeat from which a session counts as dead, ms. */
  readonly heartbeatTimeoutMs: number;
  /**
   * Time after the start and after a failure in which nothing is published, ms; default 5000. After an outage of the
   * database all heartbeats are old until every node has written again.
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

/** Max players that an event names on either side. */
const MAX_NAMED = 100;
/** Max players per event on either side, so that its statements fit a packet of 64 KiB; the next event has the rest. */
const MAX_CHANGES = 2_500;
/** Max length of a name, in UTF-16 units; the platform's column counts code points. */
const NAME_LENGTH = 100;
const SETTLE_MS = 5_000;

/** What the log's readers know, and what is stored of it. */
interface Announced {
  readonly players: Set<number>;
  readonly stored: Set<number>;
  version: number | undefined;
}

/**
 * Leader task that publishes who is online, conflated: at most one event per interval, and none when nothing changed.
 * Who was announced is stored in the transaction that appends the event, so a new leader continues where the last one
 * stopped. Before anything is stored, it is inferred from the sessions and the kept events.
 */
export function createPresence(options: PresenceOptions): Presence {
  const { database, publisher, intervalMs, settleMs = SETTLE_MS } = options;
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

  async function readAnnounced(): Promise<Announced> {
    const { stored, version, players: known } = await readAnnouncedPlayers(database);
    return { stored, version, players: known ?? (await players.lastAnnounced()) };
  }

  async function announce(announced: Announced, present: ReadonlySet<number>): Promise<void> {
    const came = missingFrom(announced.players, present);
    const went = missingFrom(present, announced.players);
    const next = new Set(announced.players);
    for (const id of came.slice(0, MAX_CHANGES)) next.add(id);
    for (const id of went.slice(0, MAX_CHANGES)) next.delete(id);
    const stores = missingFrom(announced.stored, next).slice(0, MAX_CHANGES);
    const removes = missingFrom(next, announced.stored).slice(0, MAX_CHANGES);
    const changed = came.length > 0 || went.length > 0;
    if (!changed && stores.length === 0 && removes.length === 0 && announced.version !== undefined) return;
    const change = {
      came: stores,
      went: removes,
      online: next.size,
      position: await readHeadPosition(database),
    };
    const units = changed
      ? unitsOf([
          {
            type: 'PLAYER_STATUS',
            data: {
              online: await named(came.slice(0, MAX_NAMED)),
              offline: await named(went.slice(0, MAX_NAMED)),
              onlineCount: next.size,
              truncated: came.length > MAX_NAMED || went.length > MAX_NAMED,
            },
          },
        ])
      : [{ drafts: [] }];
    const preconditions = changeAnnounced(announced.version, change);
    await publisher.publishUnits(units.map((unit) => ({ ...unit, preconditions })));
    announced.version = (announced.version ?? 0) + 1;
    for (const id of stores) announced.stored.add(id);
    for (const id of removes) announced.stored.delete(id);
    for (const id of came.slice(0, MAX_CHANGES)) announced.players.add(id);
    for (const id of went.slice(0, MAX_CHANGES)) announced.players.delete(id);
  }

  return {
    async run(signal) {
      let announced: Announced | undefined;
      let settled: number | undefined;
      while (!signal.aborted) {
        try {
          const present = await players.now();
          settled ??= performance.now() + settleMs;
          if (performance.now() >= settled) {
            announced ??= await readAnnounced();
            if (signal.aborted) return;
            await announce(announced, present);
          }
        } catch (error) {
          // A failed append may have been committed, and another leader may have announced: read again what is stored.
          announced = undefined;
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

/** Returns the ids of `all` that are not in `known`. */
function missingFrom(known: ReadonlySet<number>, all: ReadonlySet<number>): number[] {
  const missing: number[] = [];
  for (const id of all) if (!known.has(id)) missing.push(id);
  return missing;
}
