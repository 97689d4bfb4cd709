import type { StreamOpen } from '../protocol/control.ts';
import type { Frame } from '../protocol/frame.ts';
import type { Scope } from '../protocol/scope.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { CurrentStream } from './current-stream.ts';
import type { Link } from './link.ts';
import { connectionClosed, identityChanged } from './live-error.ts';
import { Losses } from './losses.ts';
import { reconnectDelay } from './reconnect-delay.ts';
import { RefusedScopes } from './refused-scopes.ts';
import { RetryWait } from './retry-wait.ts';
import { type Input, TRANSITIONS } from './states.ts';
import { StreamAttempt, type StreamEnd } from './stream-attempt.ts';
import { type StreamTarget, Succession } from './succession.ts';
import type { StreamRequest } from './transport.ts';
import type { ConnectionState, ConnectionStatus, PageChange, RefusedScope, ScopeInput } from './types.ts';

/**
 * Connection to the service, reconnected with backoff. Opens at most two streams: the current one, and during a change of
 * scopes or a fresh start its successor, opened at the current cursor, so that there is no gap between them.
 */
export class Connection implements Link {
  readonly #options: ConnectionOptions;
  readonly #refused: RefusedScopes;
  readonly #succession: Succession;
  readonly #wait: RetryWait;
  readonly #current: CurrentStream;
  readonly #losses = new Losses();
  #state: ConnectionState = 'idle';
  #started = false;
  /** Whether it is closed because all scopes were refused, so that other scopes may open it again. */
  #reopens = false;
  #wanted: readonly ScopeInput[];

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#wanted = options.scopes;
    this.#current = new CurrentStream(options);
    this.#refused = new RefusedScopes(options.transport);
    this.#succession = new Succession(options, (target) => this.#attempt(target));
    this.#wait = new RetryWait(options.clock, () => this.#send('due'));
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Scopes of the current stream: the wanted ones without the refused ones. */
  get scopes(): readonly ScopeInput[] {
    return this.#current.scopes;
  }

  /** Wanted scopes that the current stream does not contain, each with its error. */
  get refused(): readonly RefusedScope[] {
    return this.#refused.among(this.#target.scopes);
  }

  /** Cursor of the current stream's last frame. */
  get cursor(): string | undefined {
    return this.#current.cursor;
  }

  /** The scope that `player:me` stands for; undefined before the first stream. */
  get me(): Scope | undefined {
    return this.#current.me;
  }

  /** Data of the current stream's `stream-open`. */
  get opened(): StreamOpen | undefined {
    return this.#current.attempt?.open;
  }

  /** Connects now, in place of any attempt or wait. */
  connect(): void {
    this.#losses.failures = 0;
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
    this.#current.attempt?.check();
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
  renew(scopes: readonly ScopeInput[], from: string | undefined = this.cursor): Promise<void> {
    if (this.#state === 'closed' && !this.#reopens) return Promise.reject(connectionClosed());
    const before = this.#target.scopes;
    // A scope that is added again is requested again: the refusal may be outdated.
    const anew = this.#refused.without(scopes).length === 0;
    for (const scope of scopes) if (anew || !before.includes(scope)) this.#refused.forget(scope);
    const done = this.#succession.request(scopes, from);
    const resting = this.#started && (this.#state === 'idle' || this.#state === 'closed');
    if (scopes.length === 0) this.#rest();
    else if (this.#state === 'connecting' || resting) this.#start();
    else if (this.opened) this.#succession.open();
    return done;
  }

  /** @throws LiveError */
  async refresh(): Promise<void> {
    await this.#current.refresh?.now();
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
    this.#current.scopes = [];
    this.#losses.error = undefined;
    this.#reopens = false;
    this.#send('rest');
    resolve();
  }

  get #target(): StreamTarget {
    return this.#succession.target ?? { scopes: this.#wanted, cursor: this.cursor };
  }

  #send(input: Input): void {
    const before = this.#state;
    const after = TRANSITIONS[before][input];
    this.#state = after;
    if (after === before && input !== 'start') return;
    const { backoff, random } = this.#options;
    this.#wait.cancel();
    if (after !== 'open' && after !== 'catching-up') {
      this.#succession.cancel();
      this.#current.drop();
    }
    if (after === 'connecting') this.#current.attempt = this.#attempt(this.#target);
    if (after === 'offline') this.#wait.startOffline(backoff.mostMs);
    if (after === 'waiting') this.#wait.start(reconnectDelay(this.#losses, backoff, random));
    if (after === 'closed')
      this.#succession.fail((input !== 'close' && this.#losses.error) || connectionClosed());
    this.#publishStatus();
  }

  #attempt({ scopes, cursor }: StreamTarget): StreamAttempt {
    const { hasTokens, listener, cursor: first } = this.#options;
    const request: StreamRequest = {
      scopes: this.#refused.without(scopes),
      get cursor() {
        return cursor ?? first();
      },
      tokenReason: this.#losses.tokenReason,
    };
    const overflow = this.#refused.overflow(scopes);
    if (overflow) listener.problem(overflow);
    const attempt: StreamAttempt = new StreamAttempt({
      ...this.#options,
      request,
      renewable: hasTokens,
      events: {
        opened: (open, frame) => this.#begin(attempt, scopes, open, frame),
        frame: (frame) => this.#deliver(attempt, frame),
        comment: (text) => {
          if (attempt === this.#current.attempt) listener.comment(text);
        },
        suspect: () => {
          // A fresh stream shows whether the connection is broken, and loses nothing if it is not.
          if (attempt === this.#current.attempt) this.renew(this.#target.scopes).catch(() => {});
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
    if (!this.#current.isOfSamePlayer(attempt, open)) {
      const error = identityChanged();
      this.#currentEnded(attempt, { error, close: undefined, askedMs: undefined, refused: true });
      return;
    }
    if (attempt === this.#succession.stream) this.#succession.release();
    this.#current.takeOver(attempt, frame.id);
    this.#wanted = wanted;
    this.#losses.streamBegan();
    const resolve = this.#succession.finish();
    this.#options.listener.begin(open, frame);
    resolve();
    // A listener may have closed the connection, or changed its scopes.
    if (attempt !== this.#current.attempt) return;
    this.#current.renewToken(open);
    const before = this.#state;
    this.#send('opened');
    if (before === this.#state) this.#publishStatus();
  }

  #deliver(attempt: StreamAttempt, frame: Frame): void {
    if (!this.#current.advance(attempt, frame)) return;
    this.#options.listener.frame(frame);
    if (frame.event !== 'caught-up') return;
    this.#losses.streamCaughtUp();
    this.#send('caught-up');
  }

  #currentEnded({ request }: StreamAttempt, end: StreamEnd): void {
    const { error, close, refused } = end;
    const { pageLifecycle, listener } = this.#options;
    if (refused && this.#refused.leaveOut(error, request.scopes)) {
      listener.problem(error);
      this.#send('start');
      return;
    }
    this.#losses.add(end);
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
    const current = this.#current.attempt;
    this.#succession.release();
    this.#options.listener.problem(error);
    if (refused && this.#refused.leaveOut(error, attempt.request.scopes)) this.#succession.open();
    else if (refused) {
      this.#succession.fail(error);
      // A suspected stream is no longer watched for silence, so it is replaced.
      if (current?.suspected) this.#send('start');
    } else if (current?.suspected) {
      // Silence on the current stream, and no connection for its successor: the connection is lost.
      current.cancel();
      this.#currentEnded(current, { error, close: undefined, askedMs, refused: false });
    } else this.#succession.retry(askedMs);
  }

  #publishStatus(): void {
    const status: ConnectionStatus = {
      state: this.#state,
      retryAt: this.#wait.until,
      failures: this.#losses.failures,
      error: this.#losses.error,
      closeReason: this.#losses.reason,
      streamId: this.opened?.streamId,
      refused: this.refused,
      role: 'leader',
    };
    this.#options.listener.status(status);
  }
}
