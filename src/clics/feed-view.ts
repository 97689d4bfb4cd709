/** Types of the feed's notifications, each after those that its objects refer to. */
export const FEED_TYPES = [
  'contest',
  'judgement-types',
  'languages',
  'problems',
  'teams',
  'submissions',
  'judgements',
  'awards',
  'state',
] as const;
export type FeedType = (typeof FEED_TYPES)[number];
/** Types of which a contest has many objects. */
export type CollectionType = Exclude<FeedType, 'contest' | 'state'>;

export const COLLECTION_TYPES = FEED_TYPES.filter(
  (type): type is CollectionType => type !== 'contest' && type !== 'state',
);

/** Change of one object. */
export interface FeedChange {
  readonly type: FeedType;
  /** Null for the contest and its state. */
  readonly id: string | null;
  /** JSON of the object; null: it was deleted. */
  readonly json: string | null;
}

/** Objects by id, each as JSON. */
export type Objects = ReadonlyMap<string, string>;

/** Id under which the contest and its state are kept. */
const SINGLETON = '';

/** What one audience is sent of a contest: every object as JSON. */
export class FeedView {
  readonly #objects = new Map<FeedType, Map<string, string>>(FEED_TYPES.map((type) => [type, new Map()]));
  #changes: FeedChange[] = [];

  /** Objects of a type, by id. */
  objects(type: CollectionType): Objects {
    return this.#of(type);
  }

  /** JSON of the contest or its state; undefined before it was set. */
  singleton(type: 'contest' | 'state'): string | undefined {
    return this.#of(type).get(SINGLETON);
  }

  setSingleton(type: 'contest' | 'state', json: string): void {
    this.#set(type, SINGLETON, json);
  }

  /** Sets all objects of a type: those that are missing are deleted. */
  replaceAll(type: CollectionType, objects: Objects): void {
    for (const id of this.#of(type).keys()) if (!objects.has(id)) this.set(type, id, undefined);
    for (const [id, json] of objects) this.set(type, id, json);
  }

  /** Sets one object. @param json undefined: it is deleted */
  set(type: CollectionType, id: string, json: string | undefined): void {
    this.#set(type, id, json);
  }

  /**
   * Takes what has changed since the last call: objects after those that they refer to, and deletions before those. The
   * state is the last where it says that nothing follows.
   */
  takeChanges(): FeedChange[] {
    const changes = this.#changes;
    this.#changes = [];
    const isDeletion = ({ json }: FeedChange) => json === null;
    const order = ({ type }: FeedChange) => FEED_TYPES.indexOf(type);
    const ordered = [
      ...changes.filter((change) => !isDeletion(change)).sort((a, b) => order(a) - order(b)),
      ...changes.filter(isDeletion).sort((a, b) => order(b) - order(a)),
    ];
    const state = this.singleton('state');
    if (ordered.length === 0 || state === undefined || !isOver(state)) return ordered;
    return [...ordered.filter(({ type }) => type !== 'state'), { type: 'state', id: null, json: state }];
  }

  #of(type: FeedType): Map<string, string> {
    return this.#objects.get(type) as Map<string, string>;
  }

  #set(type: FeedType, id: string, json: string | undefined): void {
    const objects = this.#of(type);
    if (objects.get(id) === json) return;
    if (json === undefined) objects.delete(id);
    else objects.set(id, json);
    this.#changes.push({ type, id: id === SINGLETON ? null : id, json: json ?? null });
  }
}

function isOver(state: string): boolean {
  return (JSON.parse(state) as { end_of_updates: string | null }).end_of_updates !== null;
}

/** One line of the feed. @param token after which a client may resume, once it has this line */
export function lineOf({ type, id, json }: FeedChange, token?: string): string {
  const end = token === undefined ? '' : `,"token":"${token}"`;
  return `{"type":"${type}","id":${id === null ? 'null' : `"${id}"`},"data":${json}${end}}\n`;
}

/** Every object of a view as a line of its own, in pages of about this many characters; the last line has the token. */
export function linesOf(view: FeedView, token: string): string[] {
  const lines = FEED_TYPES.filter((type) => type !== 'state').flatMap((type) =>
    type === 'contest'
      ? [lineOf({ type, id: null, json: view.singleton(type) ?? null })]
      : [...view.objects(type)].map(([id, json]) => lineOf({ type, id, json })),
  );
  return [...lines, lineOf({ type: 'state', id: null, json: view.singleton('state') ?? null }, token)];
}

/** Every collection as one line, which replaces what the client has; the last line has the token. */
export function collectionLinesOf(view: FeedView, token: string): string[] {
  const lines = FEED_TYPES.filter((type) => type !== 'state').map((type) =>
    lineOf({
      type,
      id: null,
      json:
        type === 'contest'
          ? (view.singleton(type) ?? null)
          : `[${[...view.objects(type).values()].join(',')}]`,
    }),
  );
  return [...lines, lineOf({ type: 'state', id: null, json: view.singleton('state') ?? null }, token)];
}
