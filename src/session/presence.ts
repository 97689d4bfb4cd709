import { setTimeout as sleep } from 'node:timers/promises';
import type { Queries } from '../db/database.ts';
import type { LogPublisher } from '../events/log-publisher.ts';
import type { EventInput } from '../protocol/event.ts';
import { truncate } from '../util/truncate.ts';
import { createPresentPlayers } from './present-players.ts';

export interface PresenceOptions {
  readonly database: Pick<Queries, 'query'>;
  readonly publisher: Pick<LogPublisher, 'publish'>;
  /** A player whose last stream closed counts as there for so long, so that a reload goes unseen. Milliseconds. */
  readonly graceMs: number;
  /** Two events are at least so far apart, in ms. */
  readonly intervalMs: number;
  /** A session without a heartbeat for so long is dead, in ms. */
  readonly heartbeatTimeoutMs: number;
  /**
   * Nothing is concluded in the first moments after the start and after a failure, in ms; default 5000. When the
   * database was away, all heartbeats are old until every node has written again.
   */
  readonly settleMs?: number;
  readonly onError?: (error: unknown) => void;
}

export interface Presence {
  /** Publishes who comes and goes until the signal ends. For one node at a time. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

type Status = EventInput<'PLAYER_STATUS'>;

/** The most players that an event names on either side. */
const MOST_NAMED = 100;
/** In UTF-16 units; the platform's column counts code points. */
const NAME_LENGTH = 100;
const SETTLE_MS = 5_000;

/**
 * Tells everybody who is online, conflated: at most one event per interval, and none when nothing changed. Who is there
 * follows from the sessions of all nodes alone, for the present as for any recent moment. So whoever takes the duty
 * over finds out who was there when the last event was published, and goes on from that.
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
        online: await named(came.slice(0, MOST_NAMED)),
        offline: await named(went.slice(0, MOST_NAMED)),
        onlineCount: present.size,
        truncated: came.length > MOST_NAMED || went.length > MOST_NAMED,
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

/** Those of `all` that are not in `known`. */
function missingFrom(known: ReadonlySet<number>, all: ReadonlySet<number>): number[] {
  const missing: number[] = [];
  for (const id of all) if (!known.has(id)) missing.push(id);
  return missing;
}
