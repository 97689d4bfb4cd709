import type { ConnectionStatus, LiveClient, RawFrame } from '../../client/types.ts';
import type { Notification } from '../../protocol/event.ts';
import { CutError } from './cuttable-fetch.ts';
import { kindOf, type RecordedEntry, summaryOf } from './recorded-entry.ts';

/** Max entries, and max latencies, that are kept. */
const MAX_ENTRIES = 500;

/** State of the recorder. A new object with every published change. */
export interface Recording {
  /** The newest first. Unchanged while paused. */
  readonly entries: readonly RecordedEntry[];
  readonly frames: number;
  readonly events: number;
  /** Repeated events, which the client dropped. */
  readonly repeats: number;
  /** Of the newest live events, the oldest first, in ms. */
  readonly latencies: readonly number[];
  /** Number of resumed streams, and events that the last of them replayed. */
  readonly resumed: number;
  readonly missed: number | undefined;
  readonly cursor: string | undefined;
  readonly paused: boolean;
}

/** Records what a connection receives. Notifies subscribers at most once per animation frame. */
export class Recorder {
  readonly #schedule: (callback: () => void) => void;
  readonly #listeners = new Set<() => void>();
  #entries: RecordedEntry[] = [];
  #shown: readonly RecordedEntry[] = [];
  #latencies: number[] = [];
  #counts = { frames: 0, events: 0, repeats: 0, resumed: 0 };
  #missed: number | undefined;
  #cursor: string | undefined;
  #paused = false;
  #number = 0;
  #replaying = false;
  #broken = false;
  #due = false;
  #recording: Recording;

  /** @param schedule calls back at the next animation frame */
  constructor(schedule: (callback: () => void) => void) {
    this.#schedule = schedule;
    this.#recording = this.#now();
  }

  get recording(): Recording {
    return this.#recording;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Records a client. Returns a function that stops it. */
  listen(client: LiveClient): () => void {
    this.#broken = false;
    const stops = [
      client.on('frame', (frame) => this.#frame(frame)),
      client.on('notification', (notification) => this.#notification(notification, client)),
      client.on('open', () => {
        this.#replaying = true;
      }),
      client.on('caught-up', ({ replayed }) => {
        this.#replaying = false;
        if (!this.#broken) return;
        this.#broken = false;
        this.#counts.resumed++;
        this.#missed = replayed;
      }),
      client.on('state', (status) => this.#status(status)),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    this.#change();
  }

  clear(): void {
    this.#entries = [];
    this.#shown = [];
    this.#latencies = [];
    this.#counts = { frames: 0, events: 0, repeats: 0, resumed: 0 };
    this.#missed = undefined;
    this.#change();
  }

  #frame(frame: RawFrame): void {
    const kind = kindOf(frame);
    this.#counts.frames++;
    if (kind === 'repeat') this.#counts.repeats++;
    if (frame.id) this.#cursor = frame.id;
    this.#add({ at: frame.receivedAt, frame, kind, summary: summaryOf(frame) });
  }

  /** Completes the latest entry, which is the notification's frame. */
  #notification(notification: Notification, client: LiveClient): void {
    const last = this.#entries.at(-1);
    if (last?.kind !== 'repeat') return;
    const arrival = client.serverNow() - Date.now() + last.at;
    const latencyMs = this.#replaying ? undefined : Math.max(0, arrival - Date.parse(notification.at));
    if (latencyMs !== undefined) this.#latencies = [...this.#latencies.slice(1 - MAX_ENTRIES), latencyMs];
    this.#counts.repeats--;
    this.#counts.events++;
    this.#entries[this.#entries.length - 1] = {
      ...last,
      kind: 'event',
      notification,
      latencyMs,
      summary: `${notification.title}: ${notification.message}`,
    };
    this.#change();
  }

  #status({ state, error, closeReason }: ConnectionStatus): void {
    const asRequested = state === 'closed' && error === undefined && closeReason === undefined;
    if (asRequested || (state !== 'waiting' && state !== 'offline' && state !== 'closed')) {
      this.#change();
      return;
    }
    this.#broken = state !== 'closed';
    const why = closeReason ?? (error?.cause instanceof CutError ? error.cause : error)?.message;
    const what = state === 'waiting' ? 'Broken' : state === 'offline' ? 'No network' : 'Over';
    this.#add({ at: Date.now(), frame: undefined, kind: 'mark', summary: why ? `${what}: ${why}` : what });
  }

  #add(entry: Pick<RecordedEntry, 'at' | 'frame' | 'kind' | 'summary'>): void {
    this.#number++;
    this.#entries.push({ ...entry, number: this.#number, notification: undefined, latencyMs: undefined });
    if (this.#entries.length > MAX_ENTRIES) this.#entries.shift();
    this.#change();
  }

  #change(): void {
    if (this.#due) return;
    this.#due = true;
    this.#schedule(() => {
      this.#due = false;
      this.#recording = this.#now();
      for (const listener of this.#listeners) listener();
    });
  }

  #now(): Recording {
    if (!this.#paused) this.#shown = this.#entries.toReversed();
    return {
      ...this.#counts,
      entries: this.#shown,
      latencies: this.#latencies,
      missed: this.#missed,
      cursor: this.#cursor,
      paused: this.#paused,
    };
  }
}
