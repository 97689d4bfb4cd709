import type { Backplane } from './backplane.ts';
import type { Signature } from './signature.ts';

/** What a hint says: that something may be found in the database, and where. */
export interface HintListener {
  /**
   * Rows up to `head` may have been appended. `commits` are those that a node of this cluster has signed, parsed: each was
   * committed once, and may be repeated, late, or of a log that was given up.
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
  /** Messages that no node of this version writes. */
  readonly rejected: number;
  /** Messages whose commits are not signed by a node of this cluster; they count as hints without commits. */
  readonly unsigned: number;
  /** Hints that the broker did not take. */
  readonly lost: number;
}

/** Max length of a message in UTF-16 units. */
const MAX_LENGTH = 16_384;
/** Max nodes and users that one message names: received, and sent. */
const MAX_NAMES = 500;
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
  /** `'any'`: more than a message can name. */
  readonly users?: readonly number[] | 'any';
}

/** Committed rows as a JSON text, and the position of the last one. */
export interface CommitText {
  readonly lastId: number;
  /** At most `MAX_COMMITS_LENGTH` long. */
  readonly text: string;
}

/**
 * Hints of this node and to it. Callers never wait: what cannot be sent yet is merged into the next message, and dropped
 * where the broker does not take it, since every node also polls.
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

  /** @param signature signs commits; without one none are sent or taken */
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

  /** Whether commits that are given to `appended` would be sent. */
  get carriesCommits(): boolean {
    return this.#signature !== undefined && this.status === 'up';
  }

  /** Begins to send; before that, hints go nowhere. */
  connect(backplane: Backplane): void {
    this.#backplane = backplane;
  }

  on(listener: HintListener): void {
    this.#listeners.push(listener);
  }

  /**
   * Rows up to `head` were committed.
   * @param commits those rows; left out: others read them
   */
  appended(head: number, commits: readonly CommitText[] = []): void {
    this.#head = Math.max(this.#head, head);
    for (const commit of this.#signature ? commits : []) {
      this.#commits.push(commit);
      this.#commitsLength += commit.text.length;
    }
    // Where the broker is slow, one read of many rows costs less than what waits here.
    if (this.#commitsLength > MAX_WAITING_LENGTH) [this.#commits, this.#commitsLength] = [[], 0];
    this.#flush();
  }

  /** A command was written for a stream of this node. */
  commands(nodeId: string): void {
    if (this.#nodes.size < MAX_NAMES_SENT) this.#nodes.add(nodeId);
    this.#flush();
  }

  /** The access of this user was withdrawn. */
  access(userId: number): void {
    if (this.#users.size <= MAX_NAMES_SENT) this.#users.add(userId);
    this.#flush();
  }

  /** Takes a message of the broker, from any writer. */
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

  /** Beginning of every message of this node. */
  get #prefix(): string {
    return `{"from":${JSON.stringify(this.#nodeId)}`;
  }

  #signedCommits({ commits, mac }: Message): readonly unknown[] {
    if (commits === undefined || this.#signature === undefined) return [];
    // Texts, integers and arrays are written the same way by every JSON.stringify.
    if (this.#signature.fits(JSON.stringify(commits), mac ?? '')) return commits;
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
    // One turn, so that what happens together is one message.
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

  /** Takes the next message from what waits. */
  #next(): string | undefined {
    const [nodes, users] = [[...this.#nodes], [...this.#users]];
    this.#nodes.clear();
    this.#users.clear();
    // Commits would not find room beside names.
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

/** A message after its beginning. */
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
