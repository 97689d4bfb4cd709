import { randomUUID } from 'node:crypto';
import { abortable } from '../util/abortable.ts';
import { answeredWithin } from '../util/answered-within.ts';
import { backoffDelay } from '../util/backoff.ts';
import { WakeableSleep } from '../util/wakeable-sleep.ts';
import type { Backplane, BackplaneOptions, BackplaneStatus } from './backplane.ts';
import { ANSWER_MS, createRedisClient, type RedisClient } from './redis-client.ts';

export interface RedisBackplaneOptions extends BackplaneOptions {
  readonly url: string;
  /** Name that is the same for the nodes of one database and another for those of others. */
  readonly channel: string;
}

/** Interval between two messages of this node to itself, which prove that both connections work, ms. */
const ECHO_MS = 1_000;
/** Delays between two attempts to connect. */
const RECONNECT = { minMs: 50, maxMs: 2_000 };
/** Max messages that Redis has not acknowledged. */
const MAX_UNANSWERED = 64;

/**
 * Backplane over Redis pub/sub: one connection that publishes and one that subscribes, opened anew together when either
 * does not answer. Opens in the background; never waits for Redis longer than a second.
 */
export class RedisBackplane implements Backplane {
  readonly #options: RedisBackplaneOptions;
  readonly #pause = new WakeableSleep();
  readonly #running: Promise<void>;
  #publisher: RedisClient | undefined;
  #status: BackplaneStatus | undefined;
  #unanswered = 0;
  #fail: (error: Error) => void = () => {};
  #closed = false;

  constructor(options: RedisBackplaneOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  get status(): BackplaneStatus {
    return this.#status ?? 'down';
  }

  async publish(message: string): Promise<void> {
    await this.#send(this.#options.channel, message);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#fail(new Error('the backplane was closed'));
    this.#pause.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#closed; ) {
      try {
        await this.#connected(() => {
          failures = 0;
        });
      } catch (error) {
        if (this.#closed) return;
        this.#report('down', (error as Error).message);
        await this.#pause.sleep(backoffDelay(++failures, RECONNECT, { share: 0.5 }));
      }
    }
  }

  /** Opens both connections and keeps them until one fails. */
  async #connected(onUp: () => void): Promise<never> {
    const failed = new AbortController();
    this.#fail = (error) => failed.abort(error);
    const unlessFailed = <T>(work: Promise<T>) => abortable(work, failed.signal);
    const [publisher, subscriber] = [
      await createRedisClient(this.#options.url),
      await createRedisClient(this.#options.url),
    ];
    for (const client of [publisher, subscriber]) {
      client.on('error', (error: Error) => this.#fail(error));
      client.on('end', () => this.#fail(new Error('the connection was closed')));
    }
    try {
      const until = <T>(work: Promise<T>) => unlessFailed(answeredWithin(work, ANSWER_MS));
      await until(Promise.all([publisher.connect(), subscriber.connect()]));
      const echoChannel = `${this.#options.channel}:${randomUUID()}`;
      let onEcho = () => {};
      await until(subscriber.subscribe(this.#options.channel, (message) => this.#receive(message)));
      await until(subscriber.subscribe(echoChannel, () => onEcho()));
      this.#publisher = publisher;
      for (;;) {
        const echoed = new Promise<void>((resolve) => {
          onEcho = resolve;
        });
        await unlessFailed(this.#send(echoChannel, ''));
        await until(echoed);
        onUp();
        this.#report('up');
        await unlessFailed(this.#pause.sleep(ECHO_MS));
      }
    } finally {
      this.#publisher = undefined;
      for (const client of [publisher, subscriber]) if (client.isOpen) client.destroy();
    }
  }

  async #send(channel: string, message: string): Promise<void> {
    const publisher = this.#publisher;
    if (publisher === undefined) throw new Error('Redis is not connected');
    if (this.#unanswered >= MAX_UNANSWERED) throw new Error('Redis does not keep up');
    this.#unanswered++;
    try {
      await answeredWithin(publisher.publish(channel, message), ANSWER_MS);
    } catch (error) {
      if (this.#publisher === publisher) this.#fail(error as Error);
      throw error;
    } finally {
      this.#unanswered--;
    }
  }

  #receive(message: string): void {
    if (!this.#closed) this.#options.onMessage(message);
  }

  #report(status: BackplaneStatus, why?: string): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#options.onStatus?.(status, why);
  }
}
