import { createParser } from 'eventsource-parser';
import { expect } from 'vitest';
import {
  applyDelta,
  type LeaderboardDelta,
  type LeaderboardRow,
  type LeaderboardSnapshot,
  type LeaderboardState,
} from '../../../src/protocol/leaderboard.ts';
import { until } from '../until.ts';

export interface Received {
  readonly event: string;
  readonly id: string;
  readonly data: Record<string, unknown>;
}

/** A client that keeps a contest's leaderboard from a snapshot and the changes after it, over as many connections as it takes. */
export class LeaderboardClient {
  readonly received: Received[] = [];
  leaderboard: LeaderboardState | undefined;
  frozen = false;
  /** How often something was missing between two deltas. */
  missed = 0;
  /** All that was sent to it. */
  text = '';
  readonly #url: string;
  readonly #token: string;
  #connection: AbortController | undefined;
  #cursor: string | undefined;
  #open = 0;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /** Resolves once it has caught up. */
  async connect(url = this.#url): Promise<void> {
    this.disconnect();
    const connection = new AbortController();
    this.#connection = connection;
    const before = this.#open;
    const response = await fetch(url, {
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(this.#cursor === undefined ? {} : { 'last-event-id': this.#cursor }),
      },
      signal: connection.signal,
    });
    expect(response.status).toBe(200);
    void this.#read(response, connection.signal).catch(() => {});
    await until(() => this.#open > before);
  }

  disconnect(): void {
    this.#connection?.abort();
  }

  get rows(): LeaderboardRow[] {
    return [...(this.leaderboard?.rows.values() ?? [])].sort(
      (a, b) => a.rank - b.rank || a.playerId - b.playerId,
    );
  }

  of(event: string): Record<string, unknown>[] {
    return this.received.filter((one) => one.event === event).map(({ data }) => data);
  }

  async #read(response: Response, signal: AbortSignal): Promise<void> {
    const parser = createParser({
      onEvent: ({ event = '', id = '', data }) => {
        if (signal.aborted) return;
        this.#cursor = id;
        this.#take(event, id, JSON.parse(data));
      },
    });
    const decoder = new TextDecoder();
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      if (signal.aborted) return;
      const text = decoder.decode(chunk, { stream: true });
      this.text += text;
      parser.feed(text);
    }
  }

  #take(event: string, id: string, message: Record<string, unknown>): void {
    this.received.push({ event, id, data: (message.data as Record<string, unknown>) ?? message });
    if (event === 'caught-up') this.#open++;
    if (event === 'leaderboard-snapshot') {
      const { version, total, rows, frozen } = message as unknown as LeaderboardSnapshot;
      this.leaderboard = { version, total, rows: new Map(rows.map((row) => [row.playerId, row])) };
      this.frozen = frozen;
    }
    if (event === 'leaderboard-update') {
      const next = this.leaderboard && applyDelta(this.leaderboard, message.data as LeaderboardDelta);
      if (next) this.leaderboard = next;
      else this.missed++;
    }
    if (event === 'leaderboard-freeze' && String(message.scope).endsWith(':leaderboard'))
      this.frozen = (message.data as { frozen: boolean }).frozen;
  }
}
