import type { CloseReason, StreamOpen } from '../protocol/control.ts';
import type { Frame } from '../protocol/frame.ts';
import type { Scope } from '../protocol/scope.ts';
import { type Backoff, waitAfter } from './backoff.ts';
import { earlier } from './cursors.ts';
import { Deferred } from './deferred.ts';
import type { Feed } from './feed.ts';
import type { Link } from './link.ts';
import { identityChanged, LiveError } from './live-error.ts';
import { RefusedScopes } from './refused-scopes.ts';
import { type Input, TRANSITIONS } from './states.ts';
import { createStopwatch, type Stopwatch } from './stopwatch.ts';
import { type Ending, StreamAttempt } from './stream-attempt.ts';
import { TokenRefresh } from './token-refresh.ts';
import type { StreamRequest, Transport } from './transport.ts';
import type {
  Clock,
  ConnectionState,
  ConnectionStatus,
  RefusedScope,
  ScopeInput,
  Surroundings,
  SurroundingsChange,
  TokenReason,
} from './types.ts';

export interface ConnectionOptions {
  readonly transport: Transport;
  readonly scopes: readonly ScopeInput[];
  /** Where the first stream begins, asked when it is known whose it is; `undefined`: now. */
  readonly cursor: () => string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly backoff: Backoff;
  readonly silentHeartbeats: number;
  readonly surroundings: Surroundings;
  /** Whether there are tokens, so that one that is refused or expires may be replaced. */
  readonly hasTokens: boolean;
  readonly serverNow: () => number;
  /** Lets a stream go on with a new token; answers until when it may, ISO 8601. */
  readonly extend: (streamId: string, reason: TokenReason) => Promise<string>;
  readonly feed: Feed;
}

/** A change of scopes, or a fresh start, that is under way: where it must begin, and who waits for it. */
interface Change {
  readonly scopes: readonly ScopeInput[];
  readonly cursor: string | undefined;
  readonly waiting: Deferred;
  /** Attempts that did not get through, while the old stream goes on. */
  failures: number;
}

/**
 * One connection to the service, kept up. At most two streams are open: the one that counts, and for a moment one that
 * takes over from it (other scopes, or a fresh start), opened at its cursor so that nothing lies between them.
 */
export class Connection implements Link {
  readonly #options: ConnectionOptions;
  readonly #refused: RefusedScopes;
  #state: ConnectionState = 'idle';
  #started = false;
  /** Closed since every scope was refused: others may open it again. */
  #reopens = false;
  #wanted: readonly ScopeInput[];
  #scopes: readonly ScopeInput[] = [];
  #cursor: string | undefined;
  #current: StreamAttempt | undefined;
  #successor: StreamAttempt | undefined;
  #change: Change | undefined;
  #refresh: TokenRefresh | undefined;
  #timer: unknown;
  #successorTimer: unknown;
  #retryAt: number | undefined;
  #waited: { readonly since: Stopwatch; readonly ms: number } | undefined;
  #failures = 0;
  #error: LiveError | undefined;
  #closeReason: CloseReason | undefined;
  #askedMs: number | undefined;
  #tokenReason: TokenReason = 'connect';
  #me: Scope | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#wanted = options.scopes;
    this.#refused = new RefusedScopes(options.transport);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Those of the present stream: what is wanted, but for what is refused. */
  get scopes(): readonly ScopeInput[] {
    return this.#scopes;
  }

  /** Those that are wanted and not heard. */
  get refused(): readonly RefusedScope[] {
    return this.#refused.among(this.#change?.scopes ?? this.#wanted);
  }

  /** Of the last frame of the present stream. */
  get cursor(): string | undefined {
    return this.#cursor;
  }

  /** Who `player:me` is, once a stream has said so. */
  get me(): Scope | undefined {
    return this.#me;
  }

  /** The present stream's first frame's data, while it is open. */
  get opened(): StreamOpen | undefined {
    return this.#current?.open;
  }

  /** Tries at once, whatever was under way. */
  connect(): void {
    this.#failures = 0;
    this.#refused.forget();
    this.#start();
  }

  /** Forgets what was refused, so that the next stream asks for it again. */
  forgetRefused(): void {
    this.#refused.forget();
  }

  async retryRefused(): Promise<void> {
    if (this.refused.length === 0) return;
    this.#refused.forget();
    await this.renew(this.#change?.scopes ?? this.#wanted);
  }

  /** Does what its timers should have done by now; those of a hidden page, or of one that slept, are late. */
  lookAtClock(): void {
    this.#current?.check();
    if (this.#waited && this.#waited.since.ms >= this.#waited.ms) this.#send('due');
  }

  notice(change: SurroundingsChange): void {
    this.lookAtClock();
    if (change === 'online' || change === 'offline') this.#send(change);
    if (change === 'visible' || change === 'returning') this.#send('wake');
  }

  /**
   * Goes on with other scopes, or with the same ones from an earlier cursor or afresh. Resolves when the new stream has
   * taken over. A change that is asked for while another is under way replaces it, and both end together. What the
   * service refuses is left out.
   * @throws LiveError when all of the scopes are refused; what was before is then kept
   */
  renew(scopes: readonly ScopeInput[], from: string | undefined = this.#cursor): Promise<void> {
    if (this.#state === 'closed' && !this.#reopens)
      return Promise.reject(new LiveError('closed', 'the connection is closed'));
    const before = this.#change?.scopes ?? this.#wanted;
    // Whoever takes a scope up anew may be told something else by now.
    const anew = this.#refused.without(scopes).length === 0;
    for (const scope of scopes) if (anew || !before.includes(scope)) this.#refused.forget(scope);
    const waiting = this.#change?.waiting ?? new Deferred();
    const cursor = this.#change ? earlier(this.#change.cursor, from) : from;
    this.#change = { scopes, cursor, waiting, failures: 0 };
    const resting = this.#started && (this.#state === 'idle' || this.#state === 'closed');
    if (scopes.length === 0) this.#rest();
    else if (this.#state === 'connecting' || resting) this.#start();
    else if (this.#current?.open) this.#succeed();
    return waiting.promise;
  }

  /** @throws LiveError */
  async refresh(): Promise<void> {
    await this.#refresh?.now();
  }

  /** For good. */
  close(): void {
    this.#reopens = false;
    this.#send('close');
  }

  #start(): void {
    this.#started = true;
    this.#reopens = false;
    const { scopes } = this.#target;
    if (scopes.length === 0) {
      this.#rest();
      return;
    }
    this.#send('start');
    if (!this.#options.surroundings.online) this.#send('offline');
  }

  /** There is nothing to listen to: no stream until there is. */
  #rest(): void {
    const done = this.#change;
    this.#change = undefined;
    this.#wanted = [];
    this.#scopes = [];
    this.#error = undefined;
    this.#reopens = false;
    this.#send('rest');
    done?.waiting.resolve();
  }

  get #target(): { readonly scopes: readonly ScopeInput[]; readonly cursor: string | undefined } {
    return this.#change ?? { scopes: this.#wanted, cursor: this.#cursor };
  }

  #send(input: Input): void {
    const before = this.#state;
    const after = TRANSITIONS[before][input];
    this.#state = after;
    if (after === before && input !== 'start') return;
    const { clock, backoff, random } = this.#options;
    const streaming = after === 'open' || after === 'catching-up';
    clock.clearTimeout(this.#timer);
    this.#retryAt = undefined;
    this.#waited = undefined;
    if (!streaming) this.#drop();
    if (after === 'connecting') this.#current = this.#attempt(this.#target);
    // Browsers are wrong about being offline at times.
    if (after === 'offline') this.#timer = clock.setTimeout(() => this.#send('due'), backoff.mostMs);
    if (after === 'waiting') {
      const loss = { failures: this.#failures, reason: this.#closeReason, askedMs: this.#askedMs };
      const wait = waitAfter(loss, backoff, random);
      this.#retryAt = clock.now() + wait;
      this.#waited = { since: createStopwatch(clock), ms: wait };
      this.#timer = clock.setTimeout(() => this.#send('due'), wait);
    }
    if (after === 'closed') this.#giveUp(input === 'close' ? undefined : this.#error);
    this.#tell();
  }

  #attempt({ scopes, cursor }: { scopes: readonly ScopeInput[]; cursor: string | undefined }): StreamAttempt {
    const { transport, clock, silentHeartbeats, hasTokens, feed, cursor: first } = this.#options;
    const left = this.#refused.without(scopes);
    const request: StreamRequest = {
      scopes: left,
      get cursor() {
        return cursor ?? first();
      },
      tokenReason: this.#tokenReason,
    };
    this.#nameOverflow(scopes);
    const attempt: StreamAttempt = new StreamAttempt({
      transport,
      request,
      clock,
      silentHeartbeats,
      renewable: hasTokens,
      events: {
        opened: (open, frame) => this.#begin(attempt, scopes, open, frame),
        frame: (frame) => this.#take(attempt, frame),
        comment: (text) => {
          if (attempt === this.#current) feed.comment(text);
        },
        suspect: () => {
          // A fresh stream tells whether the silence was real, and costs nothing if it was not.
          if (attempt === this.#current) this.renew(this.#target.scopes).catch(() => {});
        },
        ended: (ending) =>
          attempt === this.#successor
            ? this.#successorEnded(attempt, ending)
            : this.#currentEnded(attempt, ending),
      },
    });
    return attempt;
  }

  /** Opens the stream that is to take over. */
  #succeed(): void {
    const { clock } = this.#options;
    clock.clearTimeout(this.#successorTimer);
    this.#successor?.cancel();
    if (this.#change) this.#successor = this.#attempt(this.#change);
  }

  #begin(attempt: StreamAttempt, wanted: readonly ScopeInput[], open: StreamOpen, frame: Frame): void {
    const { clock, serverNow, extend, hasTokens, feed } = this.#options;
    const me = attempt.request.scopes.includes('player:me') ? open.scopes[0] : undefined;
    this.#me ??= me;
    if (me !== undefined && me !== this.#me) {
      // Tokens are looked at before they are sent; a cookie may have become somebody else's.
      this.#currentEnded(attempt, {
        error: identityChanged(),
        close: undefined,
        askedMs: undefined,
        refused: true,
      });
      return;
    }
    if (attempt === this.#successor) {
      this.#current?.cancel();
      this.#successor = undefined;
    }
    this.#current = attempt;
    this.#wanted = wanted;
    this.#scopes = attempt.request.scopes;
    this.#cursor = frame.id;
    this.#tokenReason = 'connect';
    this.#askedMs = undefined;
    const done = this.#change;
    this.#change = undefined;
    feed.begin(open, frame);
    done?.waiting.resolve();
    // Who was told may have closed it, or asked for something else.
    if (attempt !== this.#current) return;
    this.#refresh?.stop();
    this.#refresh = hasTokens
      ? new TokenRefresh({
          clock,
          open,
          serverNow,
          extend,
          onError: (error) => feed.problem(error as LiveError),
        })
      : undefined;
    const before = this.#state;
    this.#send('opened');
    if (before === this.#state) this.#tell();
  }

  #take(attempt: StreamAttempt, frame: Frame): void {
    if (attempt !== this.#current) return;
    // One that ended before it began says where to begin.
    if (frame.id !== '' && (attempt.open || this.#cursor === undefined)) this.#cursor = frame.id;
    this.#options.feed.frame(frame);
    if (frame.event !== 'caught-up') return;
    this.#failures = 0;
    this.#error = undefined;
    this.#closeReason = undefined;
    this.#send('caught-up');
  }

  #currentEnded({ request }: StreamAttempt, { error, close, askedMs, refused }: Ending): void {
    const { surroundings, feed } = this.#options;
    if (refused && this.#refused.leaveOut(error, request.scopes)) {
      feed.problem(error);
      this.#send('start');
      return;
    }
    this.#failures++;
    this.#error = error;
    this.#closeReason = close?.reason;
    this.#askedMs = askedMs;
    if (close?.reason === 'expired') this.#tokenReason = 'expiring';
    feed.problem(error);
    const change = this.#change;
    // The service may have made room for the very stream that is to take over.
    const ownDoing = this.#successor !== undefined && close?.reason === 'replaced';
    const others = change !== undefined && change.scopes !== this.#wanted;
    // What nothing was heard before of has nothing to go back to.
    if (others && this.#wanted.length === 0) this.#wanted = change.scopes;
    if (refused && others && this.#wanted !== change.scopes && this.#state === 'connecting') {
      // The other scopes are refused: back to what was.
      this.#giveUp(error);
      this.#start();
    } else {
      this.#reopens = refused && error.scopes.length > 0;
      this.#send(refused && !ownDoing ? 'refused' : surroundings.online ? 'lost' : 'offline');
    }
  }

  #successorEnded(attempt: StreamAttempt, { error, askedMs, refused }: Ending): void {
    const { clock, backoff, random, feed } = this.#options;
    const change = this.#change;
    this.#successor = undefined;
    feed.problem(error);
    if (refused && this.#refused.leaveOut(error, attempt.request.scopes)) this.#succeed();
    else if (refused) {
      this.#giveUp(error);
      // Nobody watches a stream any more that was silent for too long: begin anew with what was.
      if (this.#current?.suspected) this.#send('start');
    } else if (this.#current?.suspected) {
      // Neither a word from the one nor a connection for the other.
      this.#current.cancel();
      this.#currentEnded(this.#current, { error, close: undefined, askedMs, refused: false });
    } else if (change) {
      const loss = { failures: ++change.failures, reason: undefined, askedMs };
      const wait = waitAfter(loss, backoff, random);
      this.#successorTimer = clock.setTimeout(() => this.#succeed(), wait);
    }
  }

  /** Says which scopes one stream has no room for, once for each that is new among them. */
  #nameOverflow(wanted: readonly ScopeInput[]): void {
    const error = this.#refused.overflow(wanted);
    if (error) this.#options.feed.problem(error);
  }

  #drop(): void {
    this.#options.clock.clearTimeout(this.#successorTimer);
    this.#current?.cancel();
    this.#successor?.cancel();
    this.#refresh?.stop();
    this.#current = undefined;
    this.#successor = undefined;
    this.#refresh = undefined;
  }

  #giveUp(error = new LiveError('closed', 'the connection is closed')): void {
    this.#change?.waiting.reject(error);
    this.#change = undefined;
  }

  #tell(): void {
    const status: ConnectionStatus = {
      state: this.#state,
      retryAt: this.#retryAt,
      failures: this.#failures,
      error: this.#error,
      closeReason: this.#closeReason,
      streamId: this.#current?.open?.streamId,
      refused: this.refused,
      role: 'leader',
    };
    this.#options.feed.status(status);
  }
}
