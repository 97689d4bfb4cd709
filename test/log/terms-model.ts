import { AppendTerms, type Expectation, type RefusedAppend } from '../../src/log/append-terms.ts';
import type { AppendProof, HeadState, LockedLog, LogSource, TrackedRow } from '../../src/log/source.ts';
import { newTag, newTermWord, type Term } from '../../src/log/terms.ts';
import { ServerChanged, Tracker } from '../../src/log/tracker.ts';

/** What the model leaves out, to show that the property sees it. */
export type Mutation =
  | 'no new terms'
  | 'ids alone'
  | 'no marks'
  | 'no verification'
  | 'commits of others without predecessor';

/** What a process publishes of its commit, for the others to take without a read. */
type SharedCommit = { readonly rows: readonly Row[]; readonly proof: AppendProof };

export interface Row extends TrackedRow {
  /** Which event it is, whatever its position. */
  readonly event: number;
  /** The event it was appended to; 0 for the first. */
  readonly after: number;
}

/** An older node leaves no tag: then the row's content distinguishes it. */
const markOf = (row: Row): string => row.tag ?? `~${row.event}`;

interface State {
  head: number;
  term: string;
  tag: string | null;
  taggedHead: number;
  terms: Term[];
  rows: Map<number, Row>;
  /** Rows that were pruned, too. */
  all: Map<number, Row>;
  tail: number;
}

const copy = (state: State): State => ({
  ...state,
  terms: [...state.terms],
  rows: new Map(state.rows),
  all: new Map(state.all),
});

/** A database server with every state that it was in, so that a backup or a replica of any moment can be had. */
export class Server {
  readonly name: string;
  state: State;
  /** By head. */
  readonly backups = new Map<number, State>();
  /** Whether reads may show a row before one below it. */
  torn: () => boolean;
  #lock = Promise.resolve();

  constructor(name: string, state: State, torn: () => boolean) {
    this.name = name;
    this.state = state;
    this.torn = torn;
  }

  async exclusively<T>(work: () => T | Promise<T>): Promise<T> {
    const before = this.#lock;
    let free = () => {};
    this.#lock = new Promise((resolve) => {
      free = resolve;
    });
    await before;
    try {
      return await work();
    } finally {
      free();
    }
  }

  /** The state as a replica that lacks the last commits has it, or a backup from then. */
  earlier(lost: number): State {
    if (lost === 0) return copy(this.state);
    const at = Math.max(0, this.state.head - lost);
    return copy(this.backups.get(at) ?? this.state);
  }

  headState(): HeadState {
    const { head, term, tag, taggedHead, rows } = this.state;
    const named = taggedHead === head ? tag : null;
    const foreignTag = named !== null && named !== (rows.get(head)?.tag ?? null);
    return {
      head,
      term,
      tag: named,
      foreignTag,
      mended: taggedHead === head && tag === null,
      server: this.name,
    };
  }

  lastRow(): number {
    return Math.max(0, ...this.state.rows.keys());
  }

  beginTerm(term: Term): void {
    this.state.terms.push(term);
    this.state.term = term.word;
  }

  /** What can be restored later is what was committed: not the half of an append. */
  backUp(): void {
    this.backups.set(this.state.head, copy(this.state));
  }

  write(events: readonly number[], tag: string | null): Row[] {
    const term = tag === null ? null : this.state.term;
    const last = this.state.all.get(this.state.head)?.event ?? 0;
    const rows = events.map((event, index) => ({
      id: this.state.head + index + 1,
      term,
      tag,
      event,
      after: events[index - 1] ?? last,
    }));
    for (const row of rows) {
      this.state.rows.set(row.id, row);
      this.state.all.set(row.id, row);
    }
    this.state.head += rows.length;
    if (tag !== null) [this.state.tag, this.state.taggedHead] = [tag, this.state.head];
    return rows;
  }
}

/** A connection: to whichever server is the primary when it is opened, and to that one for good. */
export class Link {
  server: Server;
  broken = false;
  constructor(server: Server) {
    this.server = server;
  }
}

export function sourceOf(link: Link, { hop }: Pick<World, 'hop'>): LogSource<Row> {
  const ask = async <T>(answer: (server: Server) => T): Promise<T> => {
    await hop();
    if (link.broken) throw new Error('the connection is broken');
    const result = answer(link.server);
    await hop();
    return result;
  };
  const reads = {
    terms: () => ask((server) => [...server.state.terms]),
    prunedBelow: () => ask((server) => server.state.tail),
    lastRow: () => ask((server) => server.lastRow()),
  };
  return {
    ...reads,
    head: () => ask((server) => server.headState()),
    range: (from, through, limit) =>
      ask((server) => {
        const rows = between(server, from, through);
        // A row below the newest may not be visible yet.
        if (rows.length > 1 && server.torn()) rows.splice(rows.length - 2, 1);
        return rows.slice(0, limit);
      }),
    marks: (ids) => ask((server) => marksOf(server, ids)),
    locked: (work) => {
      if (link.broken) return Promise.reject(new Error('the connection is broken'));
      return link.server.exclusively(() => {
        const { server } = link;
        const locked: LockedLog<Row> = {
          ...reads,
          head: () => ask(() => server.headState()),
          range: (from, through, limit) => ask(() => between(server, from, through).slice(0, limit)),
          marks: (ids) => ask(() => marksOf(server, ids)),
          beginTerm: (term) => ask(() => server.beginTerm(term)),
          moveHead: (head) =>
            ask(() => {
              const tag = server.state.rows.get(head)?.tag ?? null;
              Object.assign(server.state, { head, tag, taggedHead: head });
            }),
        };
        return work(locked);
      });
    },
  };
}

function between(server: Server, from: number, through: number): Row[] {
  return [...server.state.rows.values()]
    .filter(({ id }) => id >= from && id <= through)
    .sort((a, b) => a.id - b.id);
}

const marksOf = (server: Server, ids: readonly number[]) =>
  new Map(
    ids.flatMap((id) => {
      const row = server.state.rows.get(id);
      return row ? [[id, markOf(row)] as const] : [];
    }),
  );

/** The append packet: asserts, and writes, or says what it found. */
function appendTo(
  server: Server,
  expected: Expectation,
  events: readonly number[],
  mutation: Mutation | undefined,
): { rows: Row[]; proof: AppendProof } | RefusedAppend {
  const { head, term, tag: previousTag, foreignTag, mended } = server.headState();
  const isMended = mended && server.state.terms.at(-1)?.firstId === server.lastRow() + 1;
  const isRowLost = head > 0 && previousTag === null && !isMended && !server.state.rows.has(head);
  const refused =
    (expected.tagged && (foreignTag || isRowLost)) ||
    server.name !== expected.server ||
    head < expected.minHead ||
    // Rows above the head are in the way of new ones: a duplicate key.
    server.lastRow() > head ||
    (expected.complete && server.lastRow() !== head) ||
    expected.term !== term;
  if (refused && mutation !== 'no verification')
    return { head, term, server: server.name, complete: server.lastRow() === head && !foreignTag };
  let began: Term | undefined;
  if (expected.begins && mutation !== 'no new terms') {
    const number = Math.max(0, ...server.state.terms.map((t) => t.number)) + 1;
    began = { number, word: newTermWord(), firstId: head + 1 };
  }
  server.backUp();
  if (began) server.beginTerm(began);
  const rows = server.write(events, mutation === 'no marks' ? 'same' : newTag());
  const proof = { server: server.name, term: server.state.term, previousTag, ...(began ? { began } : {}) };
  return { rows, proof };
}

/** What a client was sent, in order. */
type Sent =
  | { readonly kind: 'row'; readonly id: number; readonly event: number }
  | { readonly kind: 'begin'; readonly at: number }
  | { readonly kind: 'lost'; readonly resumedAfter: number; readonly unsaid: number };

export class Client {
  cursor: { id: number; term: string } | undefined;
  node: Node | undefined;
  /** It opens one stream at a time. */
  opening = false;
  readonly sent: Sent[] = [];
  /** Refusals that were not for retention, with the cursor's position. */
  readonly refused: number[] = [];

  send(row: Row, label: string): void {
    this.sent.push({ kind: 'row', id: row.id, event: row.event });
    this.cursor = { id: row.id, term: label };
  }
}

export class Node {
  readonly #world: World;
  readonly clients = new Set<Client>();
  alive = true;
  follower: Link;
  appender: Link | undefined;
  #appendTerms: AppendTerms | undefined;
  readonly tracker: Tracker<Row>;
  #fresh = false;
  #polling = Promise.resolve();
  #appending = Promise.resolve();
  /** What the append asserts that is under way. */
  appending: Expectation | undefined;
  /** The last row that was delivered; undefined after a reset. */
  last: Row | undefined;
  /** Rows that were delivered after another one than they were appended to. */
  misplaced = 0;
  resets = 0;
  /** Resets for another reason than that rows ahead were pruned. */
  faults = 0;

  private constructor(world: World) {
    this.#world = world;
    this.follower = new Link(world.primary);
    this.tracker = new Tracker<Row>({
      onRows: (rows) => {
        for (const row of rows) {
          if (this.last && this.last.event !== row.after) this.misplaced++;
          this.last = row;
        }
        for (const row of rows)
          for (const client of this.clients) client.send(row, this.tracker.terms.labelOf(row));
      },
      onReset: ({ reason, from }) => {
        this.resets++;
        this.last = undefined;
        if (reason === 'fell-behind') return this.disconnectAll();
        this.faults++;
        world.doubt(from);
        this.disconnectAll();
      },
      markOf,
      pause: async () => {},
      now: () => world.now,
    });
  }

  static async start(world: World): Promise<Node> {
    const node = new Node(world);
    await node.tracker.start(sourceOf(node.follower, world));
    return node;
  }

  disconnectAll(): void {
    for (const client of this.clients) client.node = undefined;
    this.clients.clear();
  }

  kill(): void {
    this.alive = false;
    this.tracker.close();
    this.disconnectAll();
  }

  reconnectFollower(): void {
    this.follower = new Link(this.#world.primary);
    this.#fresh = true;
    this.tracker.distrust();
  }

  /** One poll of the follower; a connection that fails is opened anew by the next one. */
  poll(verify = false): Promise<boolean> {
    const run = this.#polling.then(async () => {
      if (!this.alive) return false;
      if (this.follower.broken) this.reconnectFollower();
      const source = sourceOf(this.follower, this.#world);
      try {
        await this.tracker.poll(source, this.#fresh);
        this.#fresh = false;
        if (verify) {
          await this.tracker.verify(source);
          // Where the head was moved to the newest row, a cursor up to there is waited for.
          await this.tracker.poll(source);
        }
        return true;
      } catch (error) {
        if (error instanceof ServerChanged) this.appender = undefined;
        this.follower.broken = true;
        return false;
      }
    });
    this.#polling = run.then(() => {});
    return run;
  }

  /** The broker delivers any commit of any process, from whichever log: late, again, in any order, or never. */
  async receive(which: number): Promise<void> {
    const { hop, commits, mutation } = this.#world;
    await hop();
    const commit = commits[commits.length - 1 - (which % Math.max(1, commits.length))];
    if (!commit || !this.alive) return;
    const { rows, proof } = commit;
    const forged = mutation === 'commits of others without predecessor' && {
      previousTag: this.last?.tag ?? null,
    };
    this.tracker.receive(rows, { ...proof, ...forged });
  }

  /** Appends, one batch at a time. Returns whether it was committed. */
  append(events: readonly number[]): Promise<boolean> {
    const run = this.#appending.then(() => this.#append(events));
    this.#appending = run.then(() => {});
    return run;
  }

  async #append(events: readonly number[]): Promise<boolean> {
    const { now, hop, mutation } = this.#world;
    for (let attempt = 0; attempt < 12 && this.alive; attempt++) {
      if (!this.appender || this.appender.broken) {
        const opened = new Link(this.#world.primary);
        await hop();
        this.appender = opened;
        this.#appendTerms = new AppendTerms(opened.server.headState(), this.#world.now);
      }
      const [link, terms] = [this.appender, this.#appendTerms as AppendTerms];
      const { known, terms: verifiedTerms, server, verifiedAt } = this.tracker;
      this.appending = undefined;
      const next = terms.next({ known, terms: verifiedTerms, server, verifiedAt }, now);
      if (next === 'reconnect') {
        this.appender = undefined;
        this.follower.broken = true;
        continue;
      }
      if (next === 'verify') {
        this.#world.now += 1;
        if (server !== terms.server) this.follower.broken = true;
        await this.poll();
        continue;
      }
      this.appending = next;
      await hop();
      if (!this.alive) return false;
      if (link.broken) continue;
      const outcome = await link.server.exclusively(() => {
        this.appending = undefined;
        const appended = appendTo(link.server, next, events, mutation);
        if ('rows' in appended && link.server === this.#world.primary) this.#world.unproven = false;
        return appended;
      });
      await hop();
      if ('rows' in outcome) {
        terms.appended(next, outcome.proof.term, this.#world.now);
        this.#world.commits.push(outcome);
        if (!this.alive) return false;
        if (this.tracker.offer(outcome.rows, outcome.proof) === 'reconnect') this.follower.broken = true;
        return true;
      }
      terms.refused(next, outcome, this.#world.now);
      this.#world.now += 1;
      if (outcome.server !== this.tracker.server) this.follower.broken = true;
      await this.poll(true);
    }
    return false;
  }

  /** A hint that rows up to the end of the log exist. */
  hint(): void {
    const { primary } = this.#world;
    if (this.alive && this.follower.server === primary) this.tracker.hint(primary.state.head);
  }

  /** Sends every client its position, as in a quiet time. */
  sendPositions(): void {
    const { position, terms } = this.tracker;
    for (const client of this.clients) client.cursor = { id: position, term: terms.termAt(position) };
  }

  /** Opens a stream at the client's cursor. */
  async open(client: Client): Promise<void> {
    if (client.opening || client.node) return;
    client.opening = true;
    await this.#open(client);
    client.opening = false;
  }

  async #open(client: Client): Promise<void> {
    const cursor = client.cursor;
    const { tracker } = this;
    const judge = () =>
      cursor && this.#world.mutation !== 'ids alone'
        ? tracker.terms.judge(cursor, tracker.position)
        : ({ valid: true } as const);
    if (cursor && !judge().valid && !(await this.poll(true))) return;
    if (!this.alive) return;
    const verdict = judge();
    let from = cursor ? Math.min(cursor.id, tracker.position) : tracker.position;
    let unsaid = -1;
    if (!verdict.valid && cursor) {
      from = Math.min(verdict.resumeAfter ?? tracker.position, tracker.position);
      if (verdict.resumeAfter === undefined) unsaid = from;
      client.refused.push(cursor.id);
      client.sent.push({ kind: 'lost', resumedAfter: from, unsaid });
      // The client has that cursor, whatever becomes of this stream.
      client.cursor = { id: from, term: tracker.terms.termAt(from) };
    }
    const resets = this.resets;
    const target = tracker.position;
    const link = new Link(this.follower.server);
    const source = sourceOf(link, this.#world);
    const stored = link.server.state.rows;
    const [rows, tail] = [await source.range(0, target, 1e9), await source.prunedBelow()];
    const isStrange = rows.some(({ id, term }) => id > from && term !== null && !tracker.terms.has(term));
    // The row at its own position is gone: so are rows that the stream would pass over.
    const isGone = target >= tail && rows.at(-1)?.id !== target && target !== tracker.emptyAt;
    if ((isStrange || isGone) && !(await this.poll())) return;
    if (isGone) return;
    const above = (ids: Iterable<number>) =>
      [...ids].filter((id) => id > Math.max(from, tail - 1) && id <= target).length;
    const torn = stored !== link.server.state.rows || above(rows.map(({ id }) => id)) < above(stored.keys());
    // The stream was closed over it: the client comes again.
    if (torn || !this.alive || resets !== this.resets || tracker.position !== target) return;
    if (!cursor) client.sent.push({ kind: 'begin', at: from });
    else if (from + 1 < tail && from < target)
      client.sent.push({ kind: 'lost', resumedAfter: from, unsaid: Math.min(tail - 1, target) });
    client.cursor = { id: from, term: tracker.terms.termAt(from) };
    for (const row of rows) if (row.id > from) client.send(row, tracker.terms.labelOf(row));
    client.cursor = { id: target, term: tracker.terms.termAt(target) };
    client.node = this;
    this.clients.add(client);
  }
}

export class World {
  now = 0;
  primary: Server;
  readonly nodes: Node[] = [];
  readonly clients: Client[] = [];
  /** What the processes published of their commits, in all logs. */
  readonly commits: SharedCommit[] = [];
  readonly mutation: Mutation | undefined;
  readonly hop: () => Promise<void>;
  readonly #torn: () => boolean;
  /** The position above which commits were lost, or may have been as far as a node can know. */
  lowestLoss = Number.POSITIVE_INFINITY;
  pruned = false;
  /** Commits were lost, and no node of this release has appended since. */
  unproven = false;
  /** Positions that were without a row for some time, so that a stream had to pass over them. */
  readonly #missing = new Set<number>();
  #servers = 0;
  #events = 0;

  constructor(random: () => number, mutation?: Mutation) {
    this.mutation = mutation;
    this.hop = async () => {
      // Now and then an answer takes far longer than others.
      const most = random() < 0.1 ? 60 : 4;
      for (let turns = Math.floor(random() * most); turns > 0; turns--) await null;
    };
    this.#torn = () => random() < 0.2;
    const first = { number: 1, word: 'k7f2', firstId: 0 };
    this.primary = this.#server({
      head: 0,
      term: 'k7f2',
      tag: null,
      taggedHead: 0,
      terms: [first],
      rows: new Map(),
      all: new Map(),
      tail: 1,
    });
  }

  #server(state: State): Server {
    return new Server(`server ${++this.#servers}`, state, this.#torn);
  }

  events(count: number): number[] {
    return Array.from({ length: count }, () => ++this.#events);
  }

  get living(): Node[] {
    return this.nodes.filter(({ alive }) => alive);
  }

  /** The replica that becomes the primary lacks the last commits; the old one may live on, alone. */
  failOver(lost: number, connections: 'broken' | 'alive' | 'kept by a proxy'): void {
    const old = this.primary;
    this.primary = this.#server(old.earlier(lost));
    for (const [head, state] of old.backups)
      if (head < this.primary.state.head) this.primary.backups.set(head, state);
    // What is appended to a primary that lives on is lost, too.
    if (lost > 0 || connections === 'alive') this.#lose(this.primary.state.head);
    for (const node of this.living)
      for (const link of [node.follower, node.appender])
        if (link?.server === old) {
          if (connections === 'broken') link.broken = true;
          else if (connections === 'kept by a proxy') link.server = this.primary;
        }
  }

  /**
   * A backup is restored in place: every connection goes on. It takes longer than the time between two polls, and than an append
   * for which less was known than what is restored away.
   */
  async restore(lost: number): Promise<void> {
    const { primary } = this;
    for (let restored = false; !restored; ) {
      const { head, tag } = primary.state;
      for (const node of this.living) await node.poll();
      restored = await primary.exclusively(() => {
        if (primary.state.head !== head || primary.state.tag !== tag) return false;
        if (this.living.some(({ appending }) => appending && appending.minHead < head)) return false;
        primary.state = primary.earlier(lost);
        this.#lose(primary.state.head);
        return true;
      });
    }
  }

  /** So fast that no node notices: only what was delivered here can be distinguished, not the cursors that others get. */
  async restoreBetweenPolls(lost: number): Promise<void> {
    const { primary } = this;
    // It has to wait for transactions that are under way.
    await primary.exclusively(() => {
      primary.state = primary.earlier(lost);
      this.#lose(primary.state.head);
    });
  }

  /** The head and the terms stay: rows that the head counts are missing from now on. */
  restoreRowsAlone(lost: number): void {
    const { rows, all, tail } = this.primary.earlier(lost);
    // Of another copy than the rest, in which retention had deleted more: the tail would have to come with the rows.
    if (tail > this.primary.state.tail) return;
    // Rows that were missing once do not come back.
    if ([...rows.keys()].some((id) => !this.primary.state.rows.has(id))) return;
    for (const id of this.primary.state.rows.keys()) if (!rows.has(id)) this.#missing.add(id);
    Object.assign(this.primary.state, { rows, all });
    // A node that starts cannot know whether they are those that the terms speak of.
    this.#lose(0);
  }

  restoreHeadAlone(lost: number): void {
    const { head, term, tag, taggedHead } = this.primary.earlier(lost);
    Object.assign(this.primary.state, { head, term, tag, taggedHead });
  }

  prune(count: number): void {
    const { state } = this.primary;
    // The tail never goes back, although the head may.
    state.tail = Math.max(state.tail, Math.min(state.head, state.tail + count));
    for (const id of state.rows.keys()) if (id < state.tail && id !== state.head) state.rows.delete(id);
    this.pruned = true;
  }

  /** A node that had read up to here cannot know what was lost above. */
  doubt(position: number): void {
    this.lowestLoss = Math.min(this.lowestLoss, position);
  }

  #lose(head: number): void {
    this.unproven = true;
    this.lowestLoss = Math.min(this.lowestLoss, head);
  }

  /** Everything works again: all nodes and clients reach the primary, and more is appended. */
  async settle(): Promise<void> {
    for (const node of this.living) {
      node.follower.broken = true;
      if (node.appender) node.appender.broken = true;
    }
    if (this.living.length === 0) this.nodes.push(await Node.start(this));
    for (let round = 0; round < 3; round++) {
      for (const node of this.living) {
        for (let tries = 0; tries < 4; tries++) await node.poll();
        if (!(await node.append(this.events(1)))) throw new Error('a node cannot append');
      }
      for (const node of this.living) for (let tries = 0; tries < 4; tries++) await node.poll();
    }
    for (const client of this.clients)
      for (let tries = 0; tries < 20 && !client.node; tries++)
        await (this.living[tries % this.living.length] as Node).open(client);
    for (const node of this.living) for (let tries = 0; tries < 4; tries++) await node.poll();
  }

  /** What a client has wrong at the end: nothing, unless it was lied to. */
  wrong(client: Client): string | undefined {
    const { head, all } = this.primary.state;
    const has = new Map<number, number>();
    let [start, at, excused] = [0, 0, -1];
    for (const sent of client.sent)
      if (sent.kind === 'row') {
        const passedOver = [...all.keys()].some(
          (id) => id > Math.max(at, excused) && id < sent.id && !this.#missing.has(id),
        );
        if (passedOver) return `${sent.id} comes after ${at}`;
        if (sent.id <= at) return `${sent.id} comes again`;
        has.set(sent.id, sent.event);
        at = sent.id;
      } else if (sent.kind === 'begin') [start, at] = [sent.at, sent.at];
      else {
        for (const id of has.keys()) if (id > sent.resumedAfter || id <= sent.unsaid) has.delete(id);
        at = sent.resumedAfter;
        start = Math.min(start, at);
        excused = Math.max(excused, sent.unsaid);
      }
    if (!client.node) return 'cannot open a stream';
    for (let id = start + 1; id <= head; id++) {
      const event = has.get(id);
      if (event === undefined ? id > excused && all.has(id) : event !== all.get(id)?.event)
        return `has event ${event} at ${id}, and the log has ${all.get(id)?.event}`;
    }
    return undefined;
  }
}
