import type { StreamOpen } from '../../protocol/control.ts';
import type { Frame } from '../../protocol/frame.ts';
import type { Connection } from '../connection.ts';
import type { ConnectionListener } from '../connection-listener.ts';
import { covers, earlier } from '../cursors.ts';
import { LiveError } from '../live-error.ts';
import type { Clock, ConnectionStatus, PageChange, ScopeInput } from '../types.ts';
import { type Ask, type LeaderMessage, packError, packStatus, type TabMessage } from './messages.ts';

/** A message to the tabs without its term. */
export type LeaderPost = LeaderMessage extends infer M
  ? M extends unknown
    ? Omit<M, 'term'>
    : never
  : never;

export interface LeaderOptions {
  /** The tab that leads. */
  readonly tab: string;
  readonly clock: Clock;
  /** The service's time. */
  readonly serverNow: () => number;
  /** To all tabs, this one included. */
  readonly post: (message: LeaderPost) => void;
  readonly openConnection: (
    listener: ConnectionListener,
    scopes: readonly ScopeInput[],
    cursor: () => string | undefined,
  ) => Connection;
  /** The connection was refused for good, not ended by the service: another tab may have a better token. */
  readonly onRefused: (status: ConnectionStatus) => void;
  /** Whether the tab that leads listens to anything itself. */
  readonly listens: () => boolean;
}

interface Member {
  scopes: readonly ScopeInput[];
  lastSeenAt: number;
}

/** A tab that was not heard for so long is forgotten, in ms; hidden tabs may speak once a minute only. */
const FORGET_MS = 300_000;

/** The tab that holds the connection: it keeps the union of what all tabs want open, and passes on what comes. */
export class Leader implements ConnectionListener {
  readonly #options: LeaderOptions;
  readonly #members = new Map<string, Member>();
  #asks: Ask[] = [];
  #connection: Connection | undefined;
  #status: ConnectionStatus | undefined;
  #outgoing: Frame[] = [];
  #seq = 0;
  #admitting = false;
  #stopped = false;

  constructor(options: LeaderOptions) {
    this.#options = options;
    options.post({ kind: 'lead' });
  }

  receive(message: TabMessage): void {
    const { clock, post } = this.#options;
    const member = this.#members.get(message.tab);
    if (member) member.lastSeenAt = clock.now();
    switch (message.kind) {
      case 'hello':
        this.#asks = [...this.#asks.filter(({ tab }) => tab !== message.tab), message];
        // A page that is new here tries what was given up, as it would alone.
        if (!member && this.#connection?.state === 'closed') this.#connection.connect();
        void this.#admit();
        break;
      case 'ping': {
        const known = member !== undefined || this.#asks.some(({ tab }) => tab === message.tab);
        post({ kind: 'pong', to: message.tab, known });
        // The timers of a hidden tab are slow; messages reach it in time.
        this.#connection?.checkTimers();
        break;
      }
      case 'bye':
        this.#members.delete(message.tab);
        this.#asks = this.#asks.filter(({ tab }) => tab !== message.tab);
        // Nobody listens to anything any more.
        if (this.#members.size + this.#asks.length === 0) this.#connection?.renew([]).catch(() => {});
        break;
      case 'refresh':
        this.refresh().catch((error: LiveError) => this.problem(error));
        break;
      case 'reconnect':
        this.#connection?.connect();
        break;
      case 'wake':
        this.pageChanged('visible');
    }
  }

  async refresh(): Promise<void> {
    await this.#connection?.refresh();
  }

  pageChanged(change: PageChange): void {
    this.#connection?.pageChanged(change);
  }

  /** Lets the connection go. */
  stop(): void {
    this.#stopped = true;
    this.#connection?.close();
  }

  begin(open: StreamOpen, frame: Frame): void {
    this.#flush();
    const ready = this.#asks.filter(
      (ask) =>
        this.#hasTried(ask) &&
        (covers(frame.id, ask.cursor) || !open.recovered) &&
        (ask.cursor !== 'earliest' || open.requested === 'earliest'),
    );
    const answered = ready.filter((ask) => this.#bringsAny(ask));
    for (const ask of ready) if (!answered.includes(ask)) this.#refuse([ask], this.#reasonFor(ask));
    this.#answer(answered);
    const me = this.#connection?.me;
    this.#options.post({ kind: 'begin', seq: ++this.#seq, open, frame, me, answers: answered });
  }

  frame(frame: Frame): void {
    // What came in one piece is passed on in one piece.
    if (this.#outgoing.length === 0) queueMicrotask(() => this.#flush());
    this.#outgoing.push(frame);
  }

  comment(): void {}

  status(status: ConnectionStatus): void {
    this.#flush();
    // It was let go on purpose: the tabs hear from the next leader.
    if (this.#stopped) return;
    this.#status = status;
    const refused = status.state === 'closed' && status.closeReason === undefined;
    // Before anybody was let in, whoever asked is told, and may ask for less.
    if (refused && this.#members.size > 0) this.#options.onRefused(status);
    else if (!refused) this.#options.post({ kind: 'status', status: packStatus(status) });
  }

  problem(error: LiveError): void {
    this.#options.post({ kind: 'problem', error: packError(error) });
  }

  #flush(): void {
    const frames = this.#outgoing;
    if (frames.length === 0) return;
    this.#outgoing = [];
    this.#options.post({ kind: 'frames', seq: ++this.#seq, frames });
  }

  #answer(asks: readonly Ask[]): void {
    const now = this.#options.clock.now();
    for (const { tab, scopes } of asks) this.#members.set(tab, { scopes, lastSeenAt: now });
    this.#asks = this.#asks.filter((ask) => !asks.includes(ask));
  }

  /** Fulfils what tabs ask for: all at once, or one by one where something among it is refused. */
  async #admit(): Promise<void> {
    if (this.#admitting) return;
    this.#admitting = true;
    while (!this.#stopped) {
      for (const ask of this.#asks) this.#admitToCurrent(ask);
      // What this tab itself wants comes first: where that is refused, it cannot lead.
      const { tab: own, listens } = this.#options;
      const asks = this.#connection || !listens() ? this.#asks : this.#asks.filter(({ tab }) => tab === own);
      if (asks.length === 0) break;
      const refused = await this.#open(asks);
      if (refused && asks.length > 1) for (const ask of asks) await this.#openFor(ask);
      else if (refused) this.#refuse(asks, refused);
      else this.#refuse(asks, new LiveError('unexpected-answer', 'the stream is not what was asked for'));
    }
    this.#admitting = false;
  }

  async #openFor(ask: Ask): Promise<void> {
    if (!this.#asks.includes(ask)) return;
    const refused = await this.#open([ask]);
    if (refused) this.#refuse([ask], refused);
  }

  /** Opens a stream that these asks, and everybody's before them, are fulfilled by. Answers why it was refused. */
  async #open(asks: readonly Ask[]): Promise<LiveError | undefined> {
    const { clock, openConnection } = this.#options;
    for (const [tab, { lastSeenAt }] of this.#members)
      if (lastSeenAt + FORGET_MS < clock.now()) this.#members.delete(tab);
    const changing = new Set(asks.map(({ tab }) => tab));
    const staying = [...this.#members].filter(([tab]) => !changing.has(tab)).map(([, member]) => member);
    const scopes = [...new Set([...staying, ...asks].flatMap((wanted) => wanted.scopes))];
    const first = this.#connection === undefined;
    const cursors = asks.map(({ cursor }) => cursor);
    const from = cursors.reduce(earlier, this.#connection?.cursor);
    this.#connection ??= openConnection(this, scopes, () => from);
    if (asks.some(({ again }) => again)) this.#connection.forgetRefused();
    const renewed = this.#connection.renew(scopes, from);
    if (first) this.#connection.connect();
    try {
      await renewed;
      return undefined;
    } catch (error) {
      if (first) this.#connection = undefined;
      return error as LiveError;
    }
  }

  /** Lets a tab in to the present stream, where that has all it needs. */
  #admitToCurrent(ask: Ask): void {
    const connection = this.#connection;
    const { opened: begun, cursor } = connection ?? {};
    if (!connection || !begun || cursor === undefined || ask.fresh || ask.again) return;
    if (!this.#hasTried(ask) || !this.#bringsAny(ask)) return;
    if (!covers(cursor, ask.cursor) || ask.cursor === 'earliest') return;
    const { post, serverNow } = this.#options;
    this.#flush();
    this.#answer([ask]);
    // For this tab the stream begins here and now, whatever was lost when it really began.
    const { lost: _, stale: __, ...rest } = begun;
    const open = { ...rest, recovered: true, serverTime: new Date(serverNow()).toISOString() };
    const frame: Frame = { event: 'stream-open', id: cursor, data: JSON.stringify(open) };
    const { me } = connection;
    post({ kind: 'begin', to: ask.tab, seq: this.#seq, open, frame, me, answers: [ask] });
    if (this.#status) post({ kind: 'status', to: ask.tab, status: packStatus(this.#status) });
  }

  /** Whether the present stream brings all that is asked for, but for what was refused to it. */
  #hasTried({ scopes }: Ask): boolean {
    const { scopes: heard = [], refused = [] } = this.#connection ?? {};
    return scopes.every((scope) => heard.includes(scope) || refused.some((one) => one.scope === scope));
  }

  /** Whether it brings any of it. */
  #bringsAny({ scopes }: Ask): boolean {
    return scopes.some((scope) => this.#connection?.scopes.includes(scope));
  }

  #reasonFor({ scopes }: Ask): LiveError {
    const found = this.#connection?.refused.find(({ scope }) => scopes.includes(scope));
    return found?.error ?? new LiveError('unexpected-answer', 'the stream is not what was asked for');
  }

  /** Tells those of these asks that are still not fulfilled. */
  #refuse(asks: readonly Ask[], error: LiveError): void {
    const open = this.#asks.filter((ask) => asks.includes(ask));
    this.#asks = this.#asks.filter((ask) => !asks.includes(ask));
    if (this.#stopped) return;
    for (const { tab, ask } of open)
      this.#options.post({ kind: 'refused', to: tab, ask, error: packError(error) });
  }
}
