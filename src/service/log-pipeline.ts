import { Hub, type Listener } from '../channel/hub.ts';
import { Latency } from '../channel/latency.ts';
import { LiveFrame } from '../channel/live-frame.ts';
import { Ring, type RingLimits } from '../channel/ring.ts';
import type { Database } from '../db/database.ts';
import { createLogPublisher, type LogPublisher } from '../events/log-publisher.ts';
import { Appender } from '../log/appender.ts';
import { Follower, type LogFault } from '../log/follower.ts';
import { readRange } from '../log/reader.ts';
import type { LogRow } from '../log/row.ts';
import { readRestrictions } from '../platform/restrictions.ts';
import type { Releasers } from './releasers.ts';

export interface LogPipeline {
  readonly follower: Follower;
  readonly ring: Ring;
  readonly hub: Hub;
  readonly publisher: LogPublisher;
  /** Another way into the log with a connection of its own: for what may have to wait for rows that others have locked. */
  openPublisher(name: string): LogPublisher;
  /** From an event's append to the end of the turn that handed it to the streams. */
  readonly latency: Latency;
  /** Told of every row, in the log's order, before any stream is given it. */
  onRows(callback: (rows: readonly LogRow[]) => void): void;
  /** Told when the log was reset under this process: streams cannot simply go on. */
  onReset(callback: (fault: LogFault) => void): void;
  /** Told of a listener that could not take what it was given: it has a gap, and is given nothing more. */
  onDropped(callback: (listener: Listener) => void): void;
}

export interface LogPipelineOptions {
  readonly database: Database;
  readonly ring: RingLimits;
  readonly onError: (error: unknown, where: string) => void;
}

/** So many of the newest rows are put into the ring at the start, for the streams that a restart cut off. */
const PREFILL = 5_000;
/** They are read from the newest on, so many at a time. */
const PREFILL_PAGE = 250;

/** The log in this process: appends go in, the follower hands rows on to the ring and the channels. */
export async function openLogPipeline(
  options: LogPipelineOptions,
  releasers: Releasers,
): Promise<LogPipeline> {
  const { database, onError } = options;
  const ring = new Ring(options.ring, 0);
  const hub = new Hub(0, (error, listener) => {
    onError(error, 'hub');
    for (const callback of dropCallbacks) callback(listener);
  });
  const latency = new Latency();
  const rowCallbacks: ((rows: readonly LogRow[]) => void)[] = [];
  const resetCallbacks: ((fault: LogFault) => void)[] = [];
  const dropCallbacks: ((listener: Listener) => void)[] = [];

  const follower: Follower = new Follower({
    connect: () => database.connect(),
    onRows: (rows) => {
      const frames = rows.map((row) => new LiveFrame(row, follower.epoch));
      for (const frame of frames) ring.push(frame);
      for (const callback of rowCallbacks)
        try {
          callback(rows);
        } catch (error) {
          // The position has moved on: whoever did not get these frames now would never get them.
          onError(error, 'observer');
        }
      hub.accept(frames);
      const appendedAt = rows[0]?.at ?? Date.now();
      void hub.drained().then(() => latency.record(Math.max(0, Date.now() - appendedAt)));
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
    const recent = await readRecent(position);
    hub.reset(position);
    ring.reset((recent[0]?.id ?? position + 1) - 1);
    for (const row of recent) ring.push(new LiveFrame(row, follower.epoch));
  });
  releasers.add('follower', () => follower.close());

  /** What the ring begins with. It only saves questions: where the rows cannot be had, it begins with fewer. */
  async function readRecent(position: number): Promise<LogRow[]> {
    let rows: LogRow[] = [];
    let weight = 0;
    for (let before = position; before > 0 && rows.length < PREFILL && weight < options.ring.bytes; ) {
      const after = Math.max(0, before - PREFILL_PAGE);
      try {
        const page = contiguousEnd(await readRange(database.query, after, before, PREFILL_PAGE), before);
        rows = [...page, ...rows];
        weight += page.reduce((sum, { data }) => sum + data.length, 0);
        if (page.length < before - after) break;
      } catch (error) {
        onError(error, 'ring');
        break;
      }
      before = after;
    }
    return rows;
  }

  function openPublisher(name: string): LogPublisher {
    const appender = new Appender({
      connect: () => database.connect({ multipleStatements: true }),
      onCommitted: (rows) => follower.offer(rows),
      onError: (error) => onError(error, name),
    });
    releasers.add(name, () => appender.close());
    return createLogPublisher({
      append: (units) => appender.append(units),
      epoch: () => follower.epoch,
      restrictions: (contestIds) => readRestrictions(database, contestIds),
    });
  }

  return {
    follower,
    ring,
    hub,
    latency,
    publisher: openPublisher('appender'),
    openPublisher,
    onRows: (callback) => rowCallbacks.push(callback),
    onReset: (callback) => resetCallbacks.push(callback),
    onDropped: (callback) => dropCallbacks.push(callback),
  };
}

/** The rows at the end without a gap up to `through`: retention may have taken some from between the older ones. */
function contiguousEnd(rows: readonly LogRow[], through: number): readonly LogRow[] {
  if (rows.at(-1)?.id !== through) return [];
  let first = rows.length - 1;
  while (first > 0 && rows[first - 1]?.id === (rows[first]?.id ?? 0) - 1) first--;
  return rows.slice(first);
}
