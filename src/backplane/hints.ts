import type { Backplane } from './backplane.ts';
import type { Signature } from './signature.ts';

/** Callbacks for the hints of other nodes. A hint reports that the database may hold something new, and where. */
export interface HintListener {
  /**
   * Rows up to `head` may have been appended.
   * @param commits parsed commits with a valid signature of a node of this cluster. Each was committed at some time; it may
   * be a repeat, late, or of a log that was replaced since.
   */
  readonly appended?: (head: number, commits: readonly unknown[]) => void;
  /** Commands may have been written for the streams of this node. */
  readonly commands?: () => void;
  /** The access of these users may have been withdrawn; undefined: of anyone. */
  readonly access?: (userIds: readonly number[] | undefined) => void;
}

export interface HintStats {
  readonly sent: number;
  readonly received: number;
  /** Received messages that are not valid in the format of this version. */
  readonly rejected: number;
  /** Received messages whose commits have no valid signature; they are taken as hints without commits. */
  readonly unsigned: number;
  /** Messages that could not be published to the broker. */
  readonly lost: number;
}

/** Max length of a message in UTF-16 units. */
const MAX_LENGTH = 16_384;
/** Max nodes, and max users, that a received message may name. */
const MAX_NAMES = 500;
/** Max nodes, and max users, that a sent message names. Further nodes are left out: they poll. */
const MAX_NAMES_SENT = 250;
/** Max length of the commits of one message in UTF-16 units. */
export const MAX_COMMITS_LENGTH = 15_000;
/** Max length of commits that wait to be sent in UTF-16 units. */
const MAX_WAITING_LENGTH = 256 * 1024;

interface Message {
  readonly from: string;
  readonly head?: number;
  /** Commits, and their signature. */
  readonly commits?: readonly unknown[];
  readonly mac?: string;
  readonly nodes?: readonly string[];
  /** `'any'`: more users than a message can name. */
  readonly users?: readonly number[] | 'any';
}

/** Committed rows as a JSON text, and the position of the last one. */
export interface CommitText {
  readonly lastId: number;
  /** At most `MAX_COMMITS_LENGTH` long. */
  readonly text: string;
}

/**
 * Sends the hints of this node to the others, and passes theirs to its listeners. Callers never wait: what cannot be sent
 * yet is merged into the next message, and dropped if the broker is down or fails, since every node also polls.
 */
export class Hints {
  readonly #nodeId: string;
  readonly #signature: Signature | undefined;
  readonly #listeners: HintListener[] = [];
  #backplane: Backplane | undefined;
  #head = 0;
  #commits: CommitText[] = [];
  #commitsLength = 0;
  readonly #nodes = new Set<string>();
  readonly #users = new Set<number>();
  #sending = false;
  #sent = 0;
  #received = 0;
  #rejected = 0;
  #unsigned = 0;
  #lost = 0;

  /** @param signature signs and verifies commits; without it none are sent, and received ones are ignored */
  constructor(nodeId: string, signature?: Signature) {
    this.#nodeId = nodeId;
    this.#signature = signature;
  }

  get stats(): HintStats {
    const [sent, received, lost] = [this.#sent, this.#received, this.#lost];
    return { sent, received, lost, rejected: this.#rejected, unsigned: this.#unsigned };
  }

  get status() {
    return this.#backplane?.status;
  }

  /** Whether commits that are given to `sendAppended` are sent at present. */
  get carriesCommits(): boolean {
    return this.#signature !== undefined && this.status === 'up';
  }

  /** Sets the broker. Hints that are given before are dropped. */
  connect(backplane: Backplane): void {
    this.#backplane = backplane;
  }

  on(listener: HintListener): void {
    this.#listeners.push(listener);
  }

  /**
   * Reports that rows up to `head` were committed.
   * @param commits those rows; without them the other nodes read them from the database
   */
  sendAppended(head: number, commits: readonly CommitText[] = []): void {
    this.#head = Math.max(this.#head, head);
    for (const commit of this.#signature ? commits : []) {
      this.#commits.push(commit);
      this.#commitsLength += commit.text.length;
    }
    // The broker is slow: that the others read all these rows at once costs less than sending them.
    if (this.#commitsLength > MAX_WAITING_LENGTH) [this.#commits, this.#commitsLength] = [[], 0];
    this.#flush();
  }

  /** Reports to another node that a command was written for one of its streams. */
  sendCommands(nodeId: string): void {
    if (this.#nodes.size < MAX_NAMES_SENT) this.#nodes.add(nodeId);
    this.#flush();
  }

  /** Reports that the access of a user was withdrawn. */
  sendAccess(userId: number): void {
    if (this.#users.size <= MAX_NAMES_SENT) this.#users.add(userId);
    this.#flush();
  }

  /** Handles a message from the broker. It is not trusted: anything may have written it. */
  receive(text: string): void {
    if (text.startsWith(this.#prefix)) return;
    const message = parse(text);
    if (message === undefined) {
      this.#rejected++;
      return;
    }
    const { from, head, nodes, users } = message;
    if (from === this.#nodeId) return;
    this.#received++;
    const commits = this.#signedCommits(message);
    for (const listener of this.#listeners) {
      if (head !== undefined) listener.appended?.(head, commits);
      if (nodes?.includes(this.#nodeId)) listener.commands?.();
      if (users !== undefined) listener.access?.(users === 'any' ? undefined : users);
    }
  }

  /** Start of every message of this node; it recognises its own by it. */
  get #prefix(): string {
    return `{"from":${JSON.stringify(this.#nodeId)}`;
  }

  #signedCommits({ commits, mac }: Message): readonly unknown[] {
    if (commits === undefined || this.#signature === undefined) return [];
    // JSON.stringify restores the signed text: commits hold strings, integers, null and arrays only.
    if (this.#signature.verify(JSON.stringify(commits), mac ?? '')) return commits;
    this.#unsigned++;
    return [];
  }

  #flush(): void {
    if (this.#sending) return;
    if (this.#backplane?.status !== 'up') this.#drop();
    else void this.#send(this.#backplane);
  }

  async #send(backplane: Backplane): Promise<void> {
    this.#sending = true;
    // A microtask later, so that hints of one tick are merged into one message.
    await Promise.resolve();
    for (let text = this.#next(); text !== undefined; text = this.#next())
      try {
        await backplane.publish(text);
        this.#sent++;
      } catch {
        this.#lost++;
      }
    this.#sending = false;
  }

  #drop(): void {
    this.#head = 0;
    [this.#commits, this.#commitsLength] = [[], 0];
    this.#nodes.clear();
    this.#users.clear();
  }

  /** Takes what waits and makes the next message of it; undefined when nothing waits. */
  #next(): string | undefined {
    const [nodes, users] = [[...this.#nodes], [...this.#users]];
    this.#nodes.clear();
    this.#users.clear();
    // Commits and names together could exceed the length of a message: names go first.
    const commits = nodes.length + users.length > 0 ? [] : this.#takeCommits();
    let head = 0;
    if (this.#commits.length === 0) [head, this.#head] = [this.#head, 0];
    else head = commits.at(-1)?.lastId ?? 0;
    if (head === 0 && nodes.length === 0 && users.length === 0) return undefined;
    return this.#prefix + textOf({ head, commits, nodes, users }, this.#signature);
  }

  #takeCommits(): CommitText[] {
    let length = 0;
    const count = this.#commits.findIndex(({ text }) => {
      length += text.length + 1;
      return length > MAX_COMMITS_LENGTH + 1;
    });
    const commits = this.#commits.splice(0, count < 0 ? this.#commits.length : Math.max(1, count));
    for (const { text } of commits) this.#commitsLength -= text.length;
    return commits;
  }
}

/** Serialises a message, without the prefix. */
function textOf(
  {
    head,
    commits,
    nodes,
    users,
  }: {
    readonly head: number;
    readonly commits: readonly CommitText[];
    readonly nodes: readonly string[];
    readonly users: readonly number[];
  },
  signature: Signature | undefined,
): string {
  const named = users.length > MAX_NAMES_SENT ? 'any' : users;
  const list = `[${commits.map(({ text }) => text).join(',')}]`;
  return `${[
    '',
    ...(head > 0 ? [`"head":${head}`] : []),
    ...(nodes.length > 0 ? [`"nodes":${JSON.stringify(nodes)}`] : []),
    ...(users.length > 0 ? [`"users":${JSON.stringify(named)}`] : []),
    ...(signature && commits.length > 0 ? [`"mac":"${signature.sign(list)}","commits":${list}`] : []),
  ].join(',')}}`;
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
  const { head, nodes, users, commits, mac } = value;
  if (head !== undefined && !isId(head)) return undefined;
  if (nodes !== undefined && !(isList(nodes) && nodes.every((node) => typeof node === 'string')))
    return undefined;
  if (users !== undefined && users !== 'any' && !(isList(users) && users.every(isId))) return undefined;
  if (commits !== undefined && !Array.isArray(commits)) return undefined;
  if (mac !== undefined && typeof mac !== 'string') return undefined;
  return value as unknown as Message;
}
