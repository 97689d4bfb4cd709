import type { StreamOpen } from '../../protocol/control.ts';
import type { Frame } from '../../protocol/frame.ts';
import type { Connection } from '../connection.ts';
import type { ConnectionListener } from '../connection-options.ts';
import { covers, earlier } from '../cursors.ts';
import { LiveError } from '../live-error.ts';
import type { Clock, ConnectionStatus, PageChange, ScopeInput } from '../types.ts';
import { type JoinRequest, type LeaderMessage, packError, packStatus, type TabMessage } from './messages.ts';

/** `LeaderMessage` without its term. */
export type LeaderPost = LeaderMessage extends infer M
  ? M extends unknown
    ? Omit<M, 'term'>
    : never
  : never;

export interface LeaderOptions {
  /** Id of the leader's own tab. */
  readonly tab: string;
  readonly clock: Clock;
  /** The service's time, ms since 1970. */
  readonly serverNow: () => number;
  /** Posts a message to all tabs, this one included. */
  readonly post: (message: LeaderPost) => void;
  readonly openConnection: (
    listener: ConnectionListener,
    scopes: readonly ScopeInput[],
    cursor: () => string | undefined,
  ) => Connection;
  /** Called when the connection is refused for good, not closed by the service: another tab may have a valid token. */
  readonly onRefused: (status: ConnectionStatus) => void;
  /** Whether the leader's own tab has any scopes. */
  readonly listens: () => boolean;
}

interface Member {
  scopes: readonly ScopeInput[];
  lastSeenAt: number;
}

/** Time without a message after which a tab's membership expires, ms. Timers of hidden tabs may fire once a minute only. */
const MEMBER_TTL_MS = 300_000;

/** Leader's side of a shared connection: subscribes to the union of all tabs' scopes and relays the frames to them. */
export class Leader implements ConnectionListener {
  readonly #options: LeaderOptions;
  readonly #members = new Map<string, Member>();
  #requests: JoinRequest[] = [];
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
        this.#requests = [...this.#requests.filter(({ tab }) => tab !== message.tab), message];
        // A new tab retries a connection that was closed for good, as it would with a connection of its own.
        if (!member && this.#connection?.state === 'closed') this.#connection.connect();
        void this.#admit();
        break;
      case 'ping': {
        const known = member !== undefined || this.#requests.some(({ tab }) => tab === message.tab);
        post({ kind: 'pong', to: message.tab, known });
        // The browser throttles a hidden tab's timers, but not its messages.
        this.#connection?.checkTimers();
        break;
      }
      case 'bye':
        this.#members.delete(message.tab);
        this.#requests = this.#requests.filter(({ tab }) => tab !== message.tab);
        // No subscriber is left.
        if (this.#members.size + this.#requests.length === 0) this.#connection?.renew([]).catch(() => {});
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

  /** Closes the connection and posts nothing more. */
  stop(): void {
    this.#stopped = true;
    this.#connection?.close();
  }

  begin(open: StreamOpen, frame: Frame): void {
    this.#flush();
    const ready = this.#requests.filter(
      (request) =>
        this.#covers(request) &&
        (covers(frame.id, request.cursor) || !open.recovered) &&
        (request.cursor !== 'earliest' || open.requested === 'earliest'),
    );
    const answered = ready.filter((request) => this.#coversAny(request));
    for (const request of ready)
      if (!answered.includes(request)) this.#refuse([request], this.#reasonFor(request));
    this.#answer(answered);
    const me = this.#connection?.me;
    this.#options.post({ kind: 'begin', seq: ++this.#seq, open, frame, me, answers: answered });
  }

  frame(frame: Frame): void {
    // Frames of one network chunk are relayed in one message.
    if (this.#outgoing.length === 0) queueMicrotask(() => this.#flush());
    this.#outgoing.push(frame);
  }

  comment(): void {}

  status(status: ConnectionStatus): void {
    this.#flush();
    // A deliberate close: the next leader posts the status.
    if (this.#stopped) return;
    this.#status = status;
    const refused = status.state === 'closed' && status.closeReason === undefined;
    // Without members the refusal goes to the requesting tabs, which may request fewer scopes.
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

  #answer(requests: readonly JoinRequest[]): void {
    const now = this.#options.clock.now();
    for (const { tab, scopes } of requests) this.#members.set(tab, { scopes, lastSeenAt: now });
    this.#requests = this.#requests.filter((request) => !requests.includes(request));
  }

  /** Fulfils the pending requests: with one stream for all, or one at a time if that stream is refused. */
  async #admit(): Promise<void> {
    if (this.#admitting) return;
    this.#admitting = true;
    while (!this.#stopped) {
      for (const request of this.#requests) this.#admitToCurrent(request);
      // The own tab's request first: if that is refused, this tab cannot lead.
      const { tab: own, listens } = this.#options;
      const requests =
        this.#connection || !listens() ? this.#requests : this.#requests.filter(({ tab }) => tab === own);
      if (requests.length === 0) break;
      const refused = await this.#open(requests);
      if (refused && requests.length > 1) for (const request of requests) await this.#openFor(request);
      else if (refused) this.#refuse(requests, refused);
      else this.#refuse(requests, new LiveError('unexpected-answer', 'the stream is not what was asked for'));
    }
    this.#admitting = false;
  }

  async #openFor(request: JoinRequest): Promise<void> {
    if (!this.#requests.includes(request)) return;
    const refused = await this.#open([request]);
    if (refused) this.#refuse([request], refused);
  }

  /** Opens a stream for these requests and all members. Returns the error if it is refused. */
  async #open(requests: readonly JoinRequest[]): Promise<LiveError | undefined> {
    const { clock, openConnection } = this.#options;
    for (const [tab, { lastSeenAt }] of this.#members)
      if (lastSeenAt + MEMBER_TTL_MS < clock.now()) this.#members.delete(tab);
    const changing = new Set(requests.map(({ tab }) => tab));
    const staying = [...this.#members].filter(([tab]) => !changing.has(tab)).map(([, member]) => member);
    const scopes = [...new Set([...staying, ...requests].flatMap((wanted) => wanted.scopes))];
    const first = this.#connection === undefined;
    const cursors = requests.map(({ cursor }) => cursor);
    const from = cursors.reduce(earlier, this.#connection?.cursor);
    this.#connection ??= openConnection(this, scopes, () => from);
    if (requests.some(({ again }) => again)) this.#connection.forgetRefused();
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

  /** Admits a tab to the current stream, if that covers its scopes and its cursor. */
  #admitToCurrent(request: JoinRequest): void {
    const connection = this.#connection;
    const { opened, cursor } = connection ?? {};
    if (!connection || !opened || cursor === undefined || request.fresh || request.again) return;
    if (!this.#covers(request) || !this.#coversAny(request)) return;
    if (!covers(cursor, request.cursor) || request.cursor === 'earliest') return;
    const { post, serverNow } = this.#options;
    this.#flush();
    this.#answer([request]);
    // For this tab the stream begins at the current cursor: losses before it do not concern the tab.
    const { lost: _, stale: __, ...rest } = opened;
    const open = { ...rest, recovered: true, serverTime: new Date(serverNow()).toISOString() };
    const frame: Frame = { event: 'stream-open', id: cursor, data: JSON.stringify(open) };
    const { me } = connection;
    post({ kind: 'begin', to: request.tab, seq: this.#seq, open, frame, me, answers: [request] });
    if (this.#status) post({ kind: 'status', to: request.tab, status: packStatus(this.#status) });
  }

  /** Whether the current stream covers every requested scope or had it refused. */
  #covers({ scopes }: JoinRequest): boolean {
    const { scopes: active = [], refused = [] } = this.#connection ?? {};
    return scopes.every((scope) => active.includes(scope) || refused.some((one) => one.scope === scope));
  }

  /** Whether the current stream covers any of the requested scopes. */
  #coversAny({ scopes }: JoinRequest): boolean {
    return scopes.some((scope) => this.#connection?.scopes.includes(scope));
  }

  #reasonFor({ scopes }: JoinRequest): LiveError {
    const found = this.#connection?.refused.find(({ scope }) => scopes.includes(scope));
    return found?.error ?? new LiveError('unexpected-answer', 'the stream is not what was asked for');
  }

  /** Rejects those of these requests that are still pending. */
  #refuse(requests: readonly JoinRequest[], error: LiveError): void {
    const pending = this.#requests.filter((request) => requests.includes(request));
    this.#requests = this.#requests.filter((request) => !requests.includes(request));
    if (this.#stopped) return;
    for (const { tab, ask } of pending)
      this.#options.post({ kind: 'refused', to: tab, ask, error: packError(error) });
  }
}
