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
  /** Null for the contest, its state, and whole collections. */
  readonly id: string | null;
  /** JSON of the object or of all objects; null: it was deleted. */
  readonly json: string | null;
}

/** Objects by id, each as JSON. */
export type Objects = ReadonlyMap<string, string>;

/** Id under which the contest and its state are kept. */
const SINGLETON = '';

/** What one audience is sent of a contest: every object as JSON. */
export class FeedView {
  readonly #objects = new Map<FeedType, Map<string, string>>(FEED_TYPES.map((type) => [type, new Map()]));
  readonly #revisions = new Map<FeedType, number>();
  #changes: FeedChange[] = [];
  #isOver = false;

  /** Objects of a type, by id. */
  objects(type: CollectionType): Objects {
    return this.#of(type);
  }

  /** Number of changes that the objects of a type have had. */
  revision(type: CollectionType): number {
    return this.#revisions.get(type) ?? 0;
  }

  /** JSON of the contest or its state; undefined before it was set. */
  singleton(type: 'contest' | 'state'): string | undefined {
    return this.#of(type).get(SINGLETON);
  }

  setContest(contest: object): void {
    this.#set('contest', SINGLETON, JSON.stringify(contest));
  }

  setState(state: { readonly end_of_updates: string | null }): void {
    this.#isOver = state.end_of_updates !== null;
    this.#set('state', SINGLETON, JSON.stringify(state));
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

  /** Sends a type again as a whole: clients may lack a change of it that is not new here. */
  repeat(type: CollectionType): void {
    this.#changes.push({ type, id: null, json: collectionOf(this.#of(type)) });
  }

  /**
   * Takes what has changed since the last call: objects after those that they refer to, and deletions before those. The
   * state is the last where it says that nothing follows.
   */
  takeChanges(): FeedChange[] {
    const changes = this.#changes;
    this.#changes = [];
    // A whole collection deletes what it lacks.
    const isDeletion = ({ type, id, json }: FeedChange) =>
      json === null || (id === null && type !== 'contest' && type !== 'state');
    const order = ({ type }: FeedChange) => FEED_TYPES.indexOf(type);
    const ordered = [
      ...changes.filter((change) => !isDeletion(change)).sort((a, b) => order(a) - order(b)),
      ...changes.filter(isDeletion).sort((a, b) => order(b) - order(a)),
    ];
    const state = this.singleton('state');
    if (ordered.length === 0 || state === undefined || !this.#isOver) return ordered;
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
    this.#revisions.set(type, (this.#revisions.get(type) ?? 0) + 1);
    this.#changes.push({ type, id: id === SINGLETON ? null : id, json: json ?? null });
  }
}

/**
 * Finds the objects whose properties have these values, without parsing them. An empty value stands for none.
 * @param filters names of properties that are ids, and values
 */
export function selectObjects(
  objects: Objects,
  filters: readonly (readonly [name: string, value: string])[],
): string[] {
  const tests = filters.map(([name, value]) => propertyTest(name, value));
  return [...objects.values()].filter((json) => tests.every((holds) => holds(json)));
}

/** The text of a property is nowhere else in the JSON of a flat object: quotation marks within a string are escaped. */
function propertyTest(name: string, value: string): (json: string) => boolean {
  const property = `${JSON.stringify(name)}:`;
  const wanted = property + JSON.stringify(value);
  if (value !== '') return (json) => json.includes(wanted);
  return (json) => !json.includes(property) || json.includes(wanted) || json.includes(`${property}null`);
}

function collectionOf(objects: Objects): string {
  return `[${[...objects.values()].join(',')}]`;
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
      json: type === 'contest' ? (view.singleton(type) ?? null) : collectionOf(view.objects(type)),
    }),
  );
  return [...lines, lineOf({ type: 'state', id: null, json: view.singleton('state') ?? null }, token)];
}
