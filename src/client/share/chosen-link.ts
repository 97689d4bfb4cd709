import { Deferred } from '../deferred.ts';
import type { Feed } from '../feed.ts';
import type { Link } from '../link.ts';
import { LiveError } from '../live-error.ts';
import { plainStatus } from '../status.ts';
import type { ScopeInput, SurroundingsChange } from '../types.ts';

/** A link that is chosen when it is first needed: whether tabs may share depends on whose token it is. */
export class ChosenLink implements Link {
  readonly #feed: Feed;
  readonly #choose: () => Promise<Link>;
  readonly #chosen = new Deferred<Link>();
  #link: Link | undefined;
  #choosing = false;
  #closed = false;

  constructor(feed: Feed, choose: () => Promise<Link>) {
    this.#feed = feed;
    this.#choose = choose;
  }

  connect(): void {
    this.#link?.connect();
    if (this.#choosing) return;
    this.#choosing = true;
    this.#feed.status(plainStatus('connecting'));
    void this.#choose().then((link) => {
      if (this.#closed) return;
      this.#link = link;
      this.#chosen.resolve(link);
      link.connect();
    });
  }

  async renew(scopes: readonly ScopeInput[]): Promise<void> {
    await (await this.#chosen.promise).renew(scopes);
  }

  async refresh(): Promise<void> {
    await this.#link?.refresh();
  }

  notice(change: SurroundingsChange): void {
    this.#link?.notice(change);
  }

  close(): void {
    this.#closed = true;
    if (this.#link) this.#link.close();
    else this.#feed.status(plainStatus('closed'));
    this.#chosen.reject(new LiveError('closed', 'the connection is closed'));
  }
}
