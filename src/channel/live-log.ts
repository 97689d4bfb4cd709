import type { Connection } from 'mysql2/promise';
import { Follower, type LogFault } from '../log/follower.ts';
import type { Query } from '../log/reader.ts';
import type { LogRow } from '../log/row.ts';
import { type ChannelListener, Hub, type SendToAll } from './hub.ts';
import { Latency } from './latency.ts';
import { LiveFrame } from './live-frame.ts';
import { readRecentRows } from './prefill.ts';
import { Ring, type RingLimits } from './ring.ts';

export interface LiveLogOptions {
  readonly database: { connect(): Promise<Connection>; readonly query: Query };
  readonly ring: RingLimits;
  /** Whether other nodes hint at their commits at present. */
  readonly hinted?: () => boolean;
  /** The database's time, in ms since 1970. */
  readonly now: () => number;
  /** Writes to the sockets of many streams at once. */
  readonly send?: SendToAll | undefined;
  /** Another database server answers than before. */
  readonly onServerChanged?: () => void;
  readonly onError: (error: unknown, where: string) => void;
}

/** The log as this process follows it: its rows reach observers, then the ring, then the listeners of the hub. */
export interface LiveLog {
  readonly follower: Follower;
  readonly ring: Ring;
  readonly hub: Hub;
  /** From an event's append to the end of the turn that delivered it to the streams, in ms. */
  readonly latency: Latency;
  /** Observes every row, in the log's order, before any stream is given it. */
  onRows(callback: (rows: readonly LogRow[]) => void): void;
  /** Observes faults of the log after which streams cannot continue. */
  onReset(callback: (fault: LogFault) => void): void;
  /** Observes listeners that the hub has removed because their delivery failed: each has a gap. */
  onDropped(callback: (listener: ChannelListener) => void): void;
}

/** Follows the log from its head, with a ring that holds the newest rows. @throws when the database is unavailable */
export async function openLiveLog(options: LiveLogOptions): Promise<LiveLog> {
  const { database, ring: limits, now, onError } = options;
  const ring = new Ring(limits, 0);
  const hub = new Hub(0, {
    send: options.send,
    onError: (error, listener) => {
      onError(error, 'hub');
      for (const callback of dropCallbacks) callback(listener);
    },
  });
  const latency = new Latency();
  const rowCallbacks: ((rows: readonly LogRow[]) => void)[] = [];
  const resetCallbacks: ((fault: LogFault) => void)[] = [];
  const dropCallbacks: ((listener: ChannelListener) => void)[] = [];

  const follower: Follower = new Follower({
    connect: () => database.connect(),
    ...(options.hinted ? { hinted: options.hinted } : {}),
    ...(options.onServerChanged ? { onServerChanged: options.onServerChanged } : {}),
    onRows: (rows) => {
      const frames = rows.map((row) => new LiveFrame(row, follower.terms.labelOf(row)));
      for (const frame of frames) ring.push(frame);
      for (const callback of rowCallbacks)
        try {
          callback(rows);
        } catch (error) {
          // The position has moved on: frames that are not delivered now are never delivered.
          onError(error, 'observer');
        }
      hub.accept(frames);
      const appendedAt = rows[0]?.at ?? now();
      void hub.drained().then(() => latency.record(Math.max(0, now() - appendedAt)));
    },
    onReset: (fault) => {
      onError(new Error(`the log was reset: ${fault.reason}, from ${fault.from} to ${fault.to}`), 'follower');
      ring.reset(fault.to);
      hub.reset(fault.to);
      for (const callback of resetCallbacks) callback(fault);
    },
    onError: (error) => onError(error, 'follower'),
  });
  await follower.start(async (position) => {
    const recent = await readRecentRows(database.query, position, limits.bytes, (error) =>
      onError(error, 'ring'),
    );
    hub.reset(position);
    ring.reset((recent[0]?.id ?? position + 1) - 1);
    for (const row of recent) ring.push(new LiveFrame(row, follower.terms.labelOf(row)));
  });

  return {
    follower,
    ring,
    hub,
    latency,
    onRows: (callback) => rowCallbacks.push(callback),
    onReset: (callback) => resetCallbacks.push(callback),
    onDropped: (callback) => dropCallbacks.push(callback),
  };
}
