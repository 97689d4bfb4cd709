import { createRedisClient, type RedisClient } from '../../backplane/redis-client.ts';
import { answeredWithin } from '../../util/answered-within.ts';
import type { StreamEntry } from './entry.ts';

export interface EventStreamOptions {
  readonly url: string;
  /** Keys of the stream and of the stream of dead letters. */
  readonly stream: string;
  readonly deadLetters: string;
  readonly group: string;
  readonly consumer: string;
  /** Whether entries stay in the stream after they were acknowledged, for other groups. */
  readonly keep: boolean;
}

/** Max wait for an answer, beyond the time for which Redis was asked to wait, ms. */
const ANSWER_MS = 3_000;
/** Max dead letters kept, about. */
const MAX_DEAD_LETTERS = 100_000;

/** Adds a dead letter and acknowledges its entry, unless another consumer has acknowledged it. */
const DEAD_LETTER = `
  if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1) == 0 then return 0 end
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ${MAX_DEAD_LETTERS}, '*', unpack(ARGV, 4))
  redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
  if ARGV[3] == '0' then redis.call('XDEL', KEYS[1], ARGV[2]) end
  return 1`;

/** Deletes consumers that hold nothing and were idle for longer than ARGV[2] ms, or are named by ARGV[3]. */
const FORGET_CONSUMERS = `
  for _, info in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
    local consumer = {}
    for at = 1, #info, 2 do consumer[info[at]] = info[at + 1] end
    local idle = consumer.idle > tonumber(ARGV[2]) or consumer.name == ARGV[3]
    if consumer.pending == 0 and idle then redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer.name) end
  end`;

type RawEntry = [string, string[] | null] | null;

/** One connection of a consumer to its stream. Drop it when anything fails, and open another. */
export class EventStream {
  readonly #client: RedisClient;
  readonly #options: EventStreamOptions;

  private constructor(client: RedisClient, options: EventStreamOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** Connects, and creates the group where it is missing: it begins with the oldest entry. */
  static async open(options: EventStreamOptions): Promise<EventStream> {
    const client = await createRedisClient(options.url);
    // Whatever fails, the command that is under way fails with it.
    client.on('error', () => {});
    const opened = new EventStream(client, options);
    try {
      await answeredWithin(client.connect(), ANSWER_MS);
      await opened
        .#ask('XGROUP', 'CREATE', options.stream, options.group, '0', 'MKSTREAM')
        .catch(ignoreBusyGroup);
      return opened;
    } catch (error) {
      opened.close();
      throw error;
    }
  }

  /** Reads entries that this consumer was given before and has not acknowledged, after the entry `after`. */
  readPending(after: string, count: number): Promise<StreamEntry[]> {
    return this.#read(after, count, 0);
  }

  /** Reads entries that no consumer was given. Waits up to `blockMs` for the first; 0: not at all. */
  readNew(count: number, blockMs: number): Promise<StreamEntry[]> {
    return this.#read('>', count, blockMs);
  }

  /**
   * Takes over entries of consumers that did not acknowledge them for `minIdleMs`.
   * @returns `next`: where to go on, `0-0` at the end; `deleted`: how many are not in the stream any more
   */
  async claim(minIdleMs: number, from: string, count: number) {
    const { stream, group, consumer } = this.#options;
    const [next, entries, deleted] = (await this.#ask(
      ...['XAUTOCLAIM', stream, group, consumer, String(minIdleMs), from, 'COUNT', String(count)],
    )) as [string, RawEntry[], string[] | undefined];
    return {
      next,
      entries: entries.flatMap((raw) => (raw ? toEntry(raw) : [])),
      deleted: deleted?.length ?? 0,
    };
  }

  /** Acknowledges entries, and deletes them from the stream unless they are kept. */
  async acknowledge(ids: readonly string[]): Promise<void> {
    const { stream, group, keep } = this.#options;
    if (ids.length === 0) return;
    const commands = this.#client.multi().xAck(stream, group, [...ids]);
    if (!keep) commands.xDel(stream, [...ids]);
    await answeredWithin(commands.exec(), ANSWER_MS);
  }

  /** Adds an entry to the dead letters, with the reason, and acknowledges it: both or neither. */
  async addDeadLetter({ id, fields }: StreamEntry, reason: string): Promise<void> {
    const { stream, deadLetters, group, keep } = this.#options;
    await answeredWithin(
      this.#client.eval(DEAD_LETTER, {
        keys: [stream, deadLetters],
        arguments: [group, id, keep ? '1' : '0', 'reason', reason, 'entry', id, ...(fields ?? [])],
      }),
      ANSWER_MS,
    );
  }

  /** Number of entries that no consumer was given, and of those that wait for an acknowledgement. */
  async backlog(): Promise<{ readonly waiting: number; readonly pending: number }> {
    const groups = await answeredWithin(this.#client.xInfoGroups(this.#options.stream), ANSWER_MS);
    const own = groups.find(({ name }) => String(name) === this.#options.group);
    const pending = Number(own?.pending ?? 0);
    // Redis has no lag after deletions: then everything that is there counts.
    const lag =
      own?.lag ??
      Math.max(0, (await answeredWithin(this.#client.xLen(this.#options.stream), ANSWER_MS)) - pending);
    return { waiting: Number(lag), pending };
  }

  /** Deletes consumers of the group that hold nothing and were idle for that long. */
  async forgetConsumers(idleMs: number, self = false): Promise<void> {
    const { stream, group, consumer } = this.#options;
    await answeredWithin(
      this.#client.eval(FORGET_CONSUMERS, {
        keys: [stream],
        arguments: [group, String(idleMs), self ? consumer : ''],
      }),
      ANSWER_MS,
    );
  }

  close(): void {
    if (this.#client.isOpen) this.#client.destroy();
  }

  async #read(from: string, count: number, blockMs: number): Promise<StreamEntry[]> {
    const { stream, group, consumer } = this.#options;
    const block = blockMs > 0 ? ['BLOCK', String(blockMs)] : [];
    const command = ['XREADGROUP', 'GROUP', group, consumer, 'COUNT', String(count), ...block];
    const asked = this.#client.sendCommand([...command, 'STREAMS', stream, from]);
    const answer = (await answeredWithin<unknown>(asked, blockMs + ANSWER_MS)) as
      | [string, RawEntry[]][]
      | null;
    return (answer?.[0]?.[1] ?? []).flatMap((raw) => (raw ? toEntry(raw) : []));
  }

  #ask(...command: string[]): Promise<unknown> {
    return answeredWithin(this.#client.sendCommand(command), ANSWER_MS);
  }
}

const toEntry = ([id, fields]: [string, string[] | null]): StreamEntry => ({ id, fields });

function ignoreBusyGroup(error: Error): void {
  if (!error.message.startsWith('BUSYGROUP')) throw error;
}
