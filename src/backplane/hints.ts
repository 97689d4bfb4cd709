import type { Backplane } from './backplane.ts';

/** What a hint says: that something may be found in the database, and where. It contains nothing that is delivered. */
export interface HintListener {
  /** Rows up to `head` may have been appended. */
  readonly head?: (head: number) => void;
  /** Commands may have been written for the streams of this node. */
  readonly commands?: () => void;
  /** The access of these users may have been withdrawn; undefined: of anyone. */
  readonly access?: (userIds: readonly number[] | undefined) => void;
}

export interface HintStats {
  readonly sent: number;
  readonly received: number;
  /** Messages that no node of this version writes. */
  readonly rejected: number;
  /** Hints that the broker did not take. */
  readonly lost: number;
}

/** Max length of a message in UTF-16 units. */
const MAX_LENGTH = 16_384;
/** Max nodes and users that one message names. */
const MAX_NAMES = 500;

interface Message {
  readonly from: string;
  readonly head?: number;
  readonly nodes?: readonly string[];
  /** `'any'`: more than a message can name. */
  readonly users?: readonly number[] | 'any';
}

/**
 * Hints of this node and to it. Callers never wait: what cannot be sent yet is merged into the next message, and dropped
 * where the broker does not take it, since every node also polls.
 */
export class Hints {
  readonly #nodeId: string;
  readonly #listeners: HintListener[] = [];
  #backplane: Backplane | undefined;
  #head = 0;
  readonly #nodes = new Set<string>();
  readonly #users = new Set<number>();
  #sending = false;
  #sent = 0;
  #received = 0;
  #rejected = 0;
  #lost = 0;

  constructor(nodeId: string) {
    this.#nodeId = nodeId;
  }

  get stats(): HintStats {
    return { sent: this.#sent, received: this.#received, rejected: this.#rejected, lost: this.#lost };
  }

  get status() {
    return this.#backplane?.status;
  }

  /** Begins to send; before that, hints go nowhere. */
  connect(backplane: Backplane): void {
    this.#backplane = backplane;
  }

  on(listener: HintListener): void {
    this.#listeners.push(listener);
  }

  /** Rows up to `head` were committed. */
  head(head: number): void {
    this.#head = Math.max(this.#head, head);
    this.#flush();
  }

  /** A command was written for a stream of this node. */
  commands(nodeId: string): void {
    if (this.#nodes.size < MAX_NAMES) this.#nodes.add(nodeId);
    this.#flush();
  }

  /** The access of this user was withdrawn. */
  access(userId: number): void {
    if (this.#users.size <= MAX_NAMES) this.#users.add(userId);
    this.#flush();
  }

  /** Takes a message of the broker, from any writer. */
  receive(text: string): void {
    const message = parse(text);
    if (message === undefined) {
      this.#rejected++;
      return;
    }
    if (message.from === this.#nodeId) return;
    this.#received++;
    for (const listener of this.#listeners) {
      if (message.head !== undefined) listener.head?.(message.head);
      if (message.nodes?.includes(this.#nodeId)) listener.commands?.();
      if (message.users !== undefined) listener.access?.(message.users === 'any' ? undefined : message.users);
    }
  }

  #flush(): void {
    if (this.#sending) return;
    if (this.#backplane?.status !== 'up') this.#take();
    else void this.#send(this.#backplane);
  }

  async #send(backplane: Backplane): Promise<void> {
    this.#sending = true;
    // One turn, so that what happens together is one message.
    await Promise.resolve();
    for (let message = this.#take(); message !== undefined; message = this.#take())
      try {
        await backplane.publish(JSON.stringify(message));
        this.#sent++;
      } catch {
        this.#lost++;
      }
    this.#sending = false;
  }

  #take(): Message | undefined {
    const [head, nodes, users] = [this.#head, [...this.#nodes], [...this.#users]];
    this.#head = 0;
    this.#nodes.clear();
    this.#users.clear();
    if (head === 0 && nodes.length === 0 && users.length === 0) return undefined;
    return {
      from: this.#nodeId,
      ...(head > 0 ? { head } : {}),
      ...(nodes.length > 0 ? { nodes } : {}),
      ...(users.length === 0 ? {} : { users: users.length > MAX_NAMES ? ('any' as const) : users }),
    };
  }
}

const isId = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;
const isList = (value: unknown): value is unknown[] => Array.isArray(value) && value.length <= MAX_NAMES;

function parse(text: string): Message | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  let value: Record<string, unknown> | null;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || typeof value.from !== 'string') return undefined;
  const { head, nodes, users } = value;
  if (head !== undefined && !isId(head)) return undefined;
  if (nodes !== undefined && !(isList(nodes) && nodes.every((node) => typeof node === 'string')))
    return undefined;
  if (users !== undefined && users !== 'any' && !(isList(users) && users.every(isId))) return undefined;
  return value as unknown as Message;
}
