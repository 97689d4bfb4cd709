import type { CellsSnapshot } from '../protocol/cells.ts';
import type { CaughtUp, StreamClose, StreamOpen } from '../protocol/control.ts';
import { parseCursor } from '../protocol/cursor.ts';
import type { EventType, Notification } from '../protocol/event.ts';
import type { Frame } from '../protocol/frame.ts';
import type { LeaderboardSnapshot } from '../protocol/leaderboard.ts';
import type { Scope } from '../protocol/scope.ts';
import type { ConnectionListener } from './connection-options.ts';
import type { Emitter } from './emitter.ts';
import { LiveError } from './live-error.ts';
import type { Progress } from './progress.ts';
import type { ServerClock } from './server-clock.ts';
import type { ConnectionStatus, LiveEvents } from './types.ts';

export interface EventDispatcherOptions {
  readonly emitter: Emitter<LiveEvents>;
  readonly progress: Progress;
  readonly serverClock: ServerClock;
  readonly now: () => number;
  /** Whether this tab listens to a scope: others may share its stream. */
  readonly accepts: (scope: Scope) => boolean;
  /** The cursor has moved. */
  readonly onMoved: () => void;
  readonly onStatus: (status: ConnectionStatus) => void;
}

/** Turns frames into events and delivers each notification once, whichever stream it arrives on. */
export class EventDispatcher implements ConnectionListener {
  readonly #options: EventDispatcherOptions;

  constructor(options: EventDispatcherOptions) {
    this.#options = options;
  }

  begin(open: StreamOpen, frame: Frame): void {
    const { emitter, progress, serverClock, onMoved } = this.#options;
    this.#raw(frame.event, frame.id, frame.data);
    const cursor = parseCursor(frame.id);
    const foreign = progress.begin(open.scopes, frame.id, open);
    serverClock.sample(open.serverTime, true);
    onMoved();
    if (!open.recovered || foreign)
      emitter.emit('reset', { lost: open.lost ?? { after: null, through: cursor?.id ?? 0 }, stale: [] });
    else if (open.stale?.length)
      emitter.emit('reset', { lost: undefined, stale: open.stale as readonly EventType[] });
    emitter.emit('open', open);
  }

  frame(frame: Frame): void {
    const { emitter, progress, serverClock, accepts, onMoved } = this.#options;
    this.#raw(frame.event, frame.id, frame.data);
    const data = this.#parse(frame);
    if (data === undefined) return;
    if (progress.contradicts(frame.id))
      emitter.emit('reset', { lost: { after: null, through: parseCursor(frame.id)?.id ?? 0 }, stale: [] });
    if (frame.event === 'caught-up') emitter.emit('caught-up', data as CaughtUp);
    else if (frame.event === 'stream-close') emitter.emit('close', data as StreamClose);
    else if (frame.event === 'leaderboard-snapshot' || frame.event === 'cells-snapshot') {
      const snapshot = data as LeaderboardSnapshot & CellsSnapshot;
      const part = frame.event === 'cells-snapshot' ? 'cells' : 'leaderboard';
      if (accepts(`contest:${snapshot.contestId}:${part}`)) emitter.emit(frame.event, snapshot);
    } else if (frame.event === 'position') {
      progress.move(parseCursor(frame.id)?.id ?? 0, frame.id);
      serverClock.sample((data as { serverTime: string }).serverTime, false);
      onMoved();
    } else this.#notify(frame.event, data as Notification, frame.id);
  }

  comment(text: string): void {
    this.#raw(undefined, undefined, text);
  }

  status(status: ConnectionStatus): void {
    this.#options.onStatus(status);
  }

  problem(error: LiveError): void {
    this.#options.emitter.emit('error', error);
  }

  #notify(event: string, notification: Notification, cursor: string): void {
    const { emitter, progress, accepts, onMoved } = this.#options;
    // Frames of kinds that this version lacks may have no position.
    if (typeof notification.id !== 'number') return;
    const isNew = progress.take(notification.scope, notification.id, cursor);
    if (isNew && accepts(notification.scope)) {
      emitter.emit(event as 'announcement', notification as Notification<'ANNOUNCEMENT'>);
      emitter.emit('notification', notification);
    }
    onMoved();
  }

  #parse({ event, data }: Frame): unknown {
    try {
      return JSON.parse(data);
    } catch (cause) {
      this.problem(new LiveError('unexpected-answer', `the data of ${event} is not JSON`, { cause }));
      return undefined;
    }
  }

  #raw(event: string | undefined, id: string | undefined, data: string): void {
    const { emitter, now } = this.#options;
    if (emitter.hasListeners('frame')) emitter.emit('frame', { event, id, data, receivedAt: now() });
  }
}
