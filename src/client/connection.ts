import type { CloseReason, StreamOpen } from '../protocol/control.ts';
import type { Frame } from '../protocol/frame.ts';
import type { Scope } from '../protocol/scope.ts';
import type { ConnectionOptions } from './connection-options.ts';
import type { Link } from './link.ts';
import { identityChanged, LiveError } from './live-error.ts';
import { reconnectDelay } from './reconnect-delay.ts';
import { RefusedScopes } from './refused-scopes.ts';
import { RetryWait } from './retry-wait.ts';
import { type Input, TRANSITIONS } from './states.ts';
import { StreamAttempt, type StreamEnd } from './stream-attempt.ts';
import { type StreamTarget, Succession } from './succession.ts';
import { TokenRefresh } from './token-refresh.ts';
import type { StreamRequest } from './transport.ts';
import type {
  ConnectionState,
  ConnectionStatus,
  PageChange,
  RefusedScope,
  ScopeInput,
  TokenReason,
} from './types.ts';

/**
 * Connection to the service, reconnected with backoff. Opens at most two streams: the current one, and during a change of
 * scopes or a fresh start its successor, opened at the current cursor, so that there is no gap between them.
 */
export class Connection implements Link {
  readonly #options: ConnectionOptions;
  readonly #refused: RefusedScopes;
  readonly #succession: Succession;
  readonly #wait: RetryWait;
  #state: ConnectionState = 'idle';
  #started = false;
  /** Whether it is closed because all scopes were refused, so that other scopes may open it again. */
  #reopens = false;
  #wanted: readonly ScopeInput[];
  #scopes: readonly ScopeInput[] = [];
  #cursor: string | undefined;
  #current: StreamAttempt | undefined;
  #refresh: TokenRefresh | undefined;
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
    this.#succession = new Succession(options, (target) => this.#attempt(target));
    this.#wait = new RetryWait(options.clock, () => this.#send('due'));
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Scopes of the current stream: the wanted ones without the refused ones. */
  get scopes(): readonly ScopeInput[] {
    return this.#scopes;
  }

  /** Wanted scopes that the current stream does not contain, each with its error. */
  get refused(): readonly RefusedScope[] {
    return this.#refused.among(this.#target.scopes);
  }

  /** Cursor of the current stream's last frame. */
  get cursor(): string | undefined {
    return this.#cursor;
  }

  /** The scope that `player:me` stands for; undefined before the first stream. */
  get me(): Scope | undefined {
    return this.#me;
  }

  /** Data of the current stream's `stream-open`. */
  get opened(): StreamOpen | undefined {
    return this.#current?.open;
  }

  /** Connects now, in place of any attempt or wait. */
  connect(): void {
    this.#failures = 0;
    this.#refused.forget();
    this.#start();
  }

  /** Clears the refused scopes, so that the next stream requests them again. */
  forgetRefused(): void {
    this.#refused.forget();
  }

  async retryRefused(): Promise<void> {
    if (this.refused.length === 0) return;
    this.#refused.forget();
    await this.renew(this.#target.scopes);
  }

  /** Runs timers that are overdue: those of a hidden page, or of a suspended machine, fire late. */
  checkTimers(): void {
    this.#current?.check();
    this.#wait.check();
  }

  pageChanged(change: PageChange): void {
    this.checkTimers();
    if (change === 'online' || change === 'offline') this.#send(change);
    if (change === 'visible' || change === 'returning') this.#send('wake');
  }

  /**
   * Replaces the stream: with other scopes, from an earlier cursor, or afresh. Resolves when the new stream has taken over.
   * A call during another one replaces its change, and both resolve together. Refused scopes are left out.
   * @throws LiveError when all of the scopes are refused; the previous ones are then kept
   */
  renew(scopes: readonly ScopeInput[], from: string | undefined = this.#cursor): Promise<void> {
    if (this.#state === 'closed' && !this.#reopens) return Promise.reject(connectionClosed());
    const before = this.#target.scopes;
    // A scope that is added again is requested again: the refusal may be outdated.
    const anew = this.#refused.without(scopes).length === 0;
    for (const scope of scopes) if (anew || !before.includes(scope)) this.#refused.forget(scope);
    const done = this.#succession.request(scopes, from);
    const resting = this.#started && (this.#state === 'idle' || this.#state === 'closed');
    if (scopes.length === 0) this.#rest();
    else if (this.#state === 'connecting' || resting) this.#start();
    else if (this.#current?.open) this.#succession.open();
    return done;
  }

  /** @throws LiveError */
  async refresh(): Promise<void> {
    await this.#refresh?.now();
  }

  /** Closes it permanently. */
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
    if (!this.#options.pageLifecycle.online) this.#send('offline');
  }

  /** Closes the stream, since there are no scopes, until there are some. */
  #rest(): void {
    const resolve = this.#succession.finish();
    this.#wanted = [];
    this.#scopes = [];
    this.#error = undefined;
    this.#reopens = false;
    this.#send('rest');
    resolve();
  }

  get #target(): StreamTarget {
    return this.#succession.target ?? { scopes: this.#wanted, cursor: this.#cursor };
  }

  #send(input: Input): void {
    const before = this.#state;
    const after = TRANSITIONS[before][input];
    this.#state = after;
    if (after === before && input !== 'start') return;
    const { backoff, random } = this.#options;
    const streaming = after === 'open' || after === 'catching-up';
    this.#wait.cancel();
    if (!streaming) this.#drop();
    if (after === 'connecting') this.#current = this.#attempt(this.#target);
    if (after === 'offline') this.#wait.startOffline(backoff.mostMs);
    if (after === 'waiting') {
      const loss = { failures: this.#failures, reason: this.#closeReason, askedMs: this.#askedMs };
      this.#wait.start(reconnectDelay(loss, backoff, random));
    }
    if (after === 'closed') this.#succession.fail((input !== 'close' && this.#error) || connectionClosed());
    this.#publishStatus();
  }

  #attempt({ scopes, cursor }: StreamTarget): StreamAttempt {
    const { transport, clock, silentHeartbeats, hasTokens, listener, cursor: first } = this.#options;
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
        frame: (frame) => this.#deliver(attempt, frame),
        comment: (text) => {
          if (attempt === this.#current) listener.comment(text);
        },
        suspect: () => {
          // A fresh stream shows whether the connection is broken, and loses nothing if it is not.
          if (attempt === this.#current) this.renew(this.#target.scopes).catch(() => {});
        },
        ended: (ending) =>
          attempt === this.#succession.stream
            ? this.#successorEnded(attempt, ending)
            : this.#currentEnded(attempt, ending),
      },
    });
    return attempt;
  }

  #begin(attempt: StreamAttempt, wanted: readonly ScopeInput[], open: StreamOpen, frame: Frame): void {
    const { clock, serverNow, extend, hasTokens, listener } = this.#options;
    const me = attempt.request.scopes.includes('player:me') ? open.scopes[0] : undefined;
    this.#me ??= me;
    if (me !== undefined && me !== this.#me) {
      // Tokens are checked before they are sent; a cookie may have become another user's.
      this.#currentEnded(attempt, {
        error: identityChanged(),
        close: undefined,
        askedMs: undefined,
        refused: true,
      });
      return;
    }
    if (attempt === this.#succession.stream) {
      this.#current?.cancel();
      this.#succession.release();
    }
    this.#current = attempt;
    this.#wanted = wanted;
    this.#scopes = attempt.request.scopes;
    this.#cursor = frame.id;
    this.#tokenReason = 'connect';
    this.#askedMs = undefined;
    const resolve = this.#succession.finish();
    listener.begin(open, frame);
    resolve();
    // A listener may have closed the connection, or changed its scopes.
    if (attempt !== this.#current) return;
    this.#refresh?.stop();
    this.#refresh = hasTokens
      ? new TokenRefresh({
          clock,
          open,
          serverNow,
          extend,
          onError: (error) => listener.problem(error as LiveError),
        })
      : undefined;
    const before = this.#state;
    this.#send('opened');
    if (before === this.#state) this.#publishStatus();
  }

  #deliver(attempt: StreamAttempt, frame: Frame): void {
    if (attempt !== this.#current) return;
    // A stream that is closed before `stream-open` gives the cursor to start from.
    if (frame.id !== '' && (attempt.open || this.#cursor === undefined)) this.#cursor = frame.id;
    this.#options.listener.frame(frame);
    if (frame.event !== 'caught-up') return;
    this.#failures = 0;
    this.#error = undefined;
    this.#closeReason = undefined;
    this.#send('caught-up');
  }

  #currentEnded({ request }: StreamAttempt, { error, close, askedMs, refused }: StreamEnd): void {
    const { pageLifecycle, listener } = this.#options;
    if (refused && this.#refused.leaveOut(error, request.scopes)) {
      listener.problem(error);
      this.#send('start');
      return;
    }
    this.#failures++;
    this.#error = error;
    this.#closeReason = close?.reason;
    this.#askedMs = askedMs;
    if (close?.reason === 'expired') this.#tokenReason = 'expiring';
    listener.problem(error);
    const change = this.#succession.target;
    // The service may have closed this stream in favour of its own successor.
    const ownDoing = this.#succession.stream !== undefined && close?.reason === 'replaced';
    const others = change !== undefined && change.scopes !== this.#wanted;
    // Without previous scopes there are none to return to.
    if (others && this.#wanted.length === 0) this.#wanted = change.scopes;
    if (refused && others && this.#wanted !== change.scopes && this.#state === 'connecting') {
      // The new scopes are refused: return to the previous ones.
      this.#succession.fail(error);
      this.#start();
    } else {
      this.#reopens = refused && error.scopes.length > 0;
      this.#send(refused && !ownDoing ? 'refused' : pageLifecycle.online ? 'lost' : 'offline');
    }
  }

  #successorEnded(attempt: StreamAttempt, { error, askedMs, refused }: StreamEnd): void {
    this.#succession.release();
    this.#options.listener.problem(error);
    if (refused && this.#refused.leaveOut(error, attempt.request.scopes)) this.#succession.open();
    else if (refused) {
      this.#succession.fail(error);
      // A suspected stream is no longer watched for silence, so it is replaced.
      if (this.#current?.suspected) this.#send('start');
    } else if (this.#current?.suspected) {
      // Silence on the current stream, and no connection for its successor: the connection is lost.
      this.#current.cancel();
      this.#currentEnded(this.#current, { error, close: undefined, askedMs, refused: false });
    } else this.#succession.retry(askedMs);
  }

  /** Reports the scopes beyond the limit of one stream, once per new scope. */
  #nameOverflow(wanted: readonly ScopeInput[]): void {
    const error = this.#refused.overflow(wanted);
    if (error) this.#options.listener.problem(error);
  }

  #drop(): void {
    this.#succession.cancel();
    this.#current?.cancel();
    this.#refresh?.stop();
    this.#current = undefined;
    this.#refresh = undefined;
  }

  #publishStatus(): void {
    const status: ConnectionStatus = {
      state: this.#state,
      retryAt: this.#wait.until,
      failures: this.#failures,
      error: this.#error,
      closeReason: this.#closeReason,
      streamId: this.#current?.open?.streamId,
      refused: this.refused,
      role: 'leader',
    };
    this.#options.listener.status(status);
  }
}

function connectionClosed(): LiveError {
  return new LiveError('closed', 'the connection is closed');
}
