import { setTimeout as sleep } from 'node:timers/promises';
import type { Queries } from '../db/database.ts';
import type { LogPublisher } from '../events/log-publisher.ts';
import type { EventInput } from '../protocol/event.ts';
import { truncate } from '../util/truncate.ts';
import { createPresentPlayers } from './present-players.ts';

export interface PresenceOptions {
  readonly database: Pick<Queries, 'query'>;
  readonly publisher: Pick<LogPublisher, 'publish'>;
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
/** Max length of a name, in UTF-16 units; the platform's column counts code points. */
const NAME_LENGTH = 100;
const SETTLE_MS = 5_000;

/**
 * Leader task that publishes who is online, conflated: at most one event per interval, and none when nothing changed.
 * Presence follows from the sessions of all nodes alone, now as for any recent moment: a new leader reads who was present
 * when the last event was published, and continues from there.
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

  async function announce(before: ReadonlySet<number>, present: ReadonlySet<number>): Promise<void> {
    const came = missingFrom(before, present);
    const went = missingFrom(present, before);
    if (came.length === 0 && went.length === 0) return;
    await publisher.publish({
      type: 'PLAYER_STATUS',
      data: {
        online: await named(came.slice(0, MAX_NAMED)),
        offline: await named(went.slice(0, MAX_NAMED)),
        onlineCount: present.size,
        truncated: came.length > MAX_NAMED || went.length > MAX_NAMED,
      },
    });
  }

  return {
    async run(signal) {
      let announced: ReadonlySet<number> | undefined;
      let settled: number | undefined;
      while (!signal.aborted) {
        try {
          const present = await players.now();
          settled ??= performance.now() + settleMs;
          if (performance.now() >= settled) {
            announced ??= await players.lastAnnounced();
            if (signal.aborted) return;
            await announce(announced, present);
            announced = present;
          }
        } catch (error) {
          settled = undefined;
          if (!signal.aborted) options.onError?.(error);
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
