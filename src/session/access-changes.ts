import type { Grants } from '../auth/grants.ts';
import { ACCESS } from '../auth/listening.ts';
import type { Users } from '../auth/users.ts';
import type { Hub } from '../channel/hub.ts';
import type { EventData } from '../protocol/event.ts';
import { formatScope, type ParsedScope, SCOPE_KINDS, type Scope } from '../protocol/scope.ts';
import { Stream } from '../stream/stream.ts';
import type { Streams } from '../stream/streams.ts';
import { Coalesced } from '../util/coalesced.ts';
import { revalidate } from './revalidate.ts';

/** Whose rights may have been withdrawn, and to which contests. */
export type AccessChange = EventData<'ACCESS_CHANGED'>;

export interface AccessChangesOptions {
  readonly streams: Streams;
  readonly hub: Pick<Hub, 'listenersOf'>;
  readonly grants: Pick<Grants, 'recheck' | 'forgetContests'>;
  readonly users: Pick<Users, 'forget'>;
  readonly onError: (error: unknown) => void;
  /** A monotonic time, ms. */
  readonly now?: () => number;
}

/** Time for which an opening may have been authorised by what was read before a change, ms. */
const OPENING_MS = 30_000;
/** Delay before a failed check is repeated, ms. */
const RETRY_MS = 1_000;

/**
 * Rechecks the streams that a withdrawn right concerns, and no others: what is reported costs what it concerns, however many
 * streams are open. What is not reported is found by the full check.
 */
export class AccessChanges {
  readonly #options: AccessChangesOptions;
  readonly #now: () => number;
  readonly #waiting = { users: new Set<number>(), contests: new Set<number>(), opened: new Set<Stream>() };
  /** Changes of the last `OPENING_MS`. */
  #recent: { readonly change: AccessChange; readonly at: number }[] = [];
  readonly #check: Coalesced;

  constructor(options: AccessChangesOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#check = new Coalesced(
      () => this.#recheck(),
      (error) => {
        options.onError(error);
        setTimeout(() => this.#check.request(), RETRY_MS).unref();
      },
    );
    options.streams.observe({ opened: (stream) => this.#opened(stream), closed: () => {} });
  }

  /** Applies a change: what is cached of it is evicted at once, and the streams are rechecked. */
  apply(change: AccessChange): void {
    const { users, grants } = this.#options;
    for (const id of change.userIds) {
      users.forget(id);
      this.#waiting.users.add(id);
    }
    grants.forgetContests(change.contestIds);
    for (const id of change.contestIds) this.#waiting.contests.add(id);
    const now = this.#now();
    this.#recent = [...this.#recent.filter(({ at }) => now - at < OPENING_MS), { change, at: now }];
    this.#check.request();
  }

  /** A stream that opens now may have been authorised before the change was known here. */
  #opened(stream: Stream): void {
    if (this.#recent.length === 0) return;
    const now = this.#now();
    this.#recent = this.#recent.filter(({ at }) => now - at < OPENING_MS);
    const concerns = ({ change }: { change: AccessChange }) =>
      change.userIds.includes(stream.owner.userId) || change.contestIds.some((id) => listensTo(stream, id));
    if (!this.#recent.some(concerns)) return;
    this.#waiting.opened.add(stream);
    this.#check.request();
  }

  async #recheck(): Promise<void> {
    const { users, contests, opened } = this.#waiting;
    const taken = { users: [...users], contests: [...contests], opened: [...opened] };
    for (const set of [users, contests, opened]) set.clear();
    try {
      await revalidate(this.#concerned(taken), this.#options.grants);
    } catch (error) {
      for (const id of taken.users) users.add(id);
      for (const id of taken.contests) contests.add(id);
      for (const stream of taken.opened) opened.add(stream);
      throw error;
    }
  }

  #concerned(of: { users: readonly number[]; contests: readonly number[]; opened: readonly Stream[] }) {
    const { streams, hub } = this.#options;
    const found = new Set<Stream>(of.opened);
    for (const id of of.users) for (const stream of streams.ofUser(id)) found.add(stream);
    for (const id of of.contests) {
      for (const scope of scopesOf(id))
        for (const listener of hub.listenersOf(scope)) if (listener instanceof Stream) found.add(listener);
      for (const stream of streams.replaying) if (listensTo(stream, id)) found.add(stream);
    }
    return found;
  }
}

/** Kinds of scope that a contest decides about. */
const OF_CONTESTS = SCOPE_KINDS.filter((kind) => ACCESS[kind].subject === 'contest');

function scopesOf(contestId: number): Scope[] {
  return OF_CONTESTS.map((kind) => formatScope({ kind, id: contestId } as ParsedScope));
}

function listensTo(stream: Stream, contestId: number): boolean {
  const wanted = scopesOf(contestId);
  return stream.scopes.some((scope) => wanted.includes(scope));
}
