import { z } from 'zod';
import { until } from '../support/until.ts';

/** Objects as the Contest API of 2023-06 describes them: every property that is sent, and no other. */
const id = z.string().regex(/^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,34}[A-Za-z0-9_-])?$/);
const time = z
  .string()
  .regex(/^[12]\d{3}-[01]\d-[0-3]\dT[0-2]\d:[0-6]\d:[0-6]\d(\.\d{3})?(?:[+-][0-1]\d(:[0-5]\d)?|Z)$/);
const relative = z.string().regex(/^-?(?:[1-9]\d*)?\d:[0-5]\d:[0-5]\d(\.\d{3})?$/);
const duration = relative.refine((text) => !text.startsWith('-'));
const SCHEMAS = {
  contest: z.strictObject({
    id,
    name: z.string(),
    formal_name: z.string(),
    start_time: time.nullable(),
    duration,
    scoreboard_freeze_duration: duration.nullable(),
    scoreboard_type: z.literal('pass-fail'),
    penalty_time: z.int().min(0),
  }),
  'judgement-types': z.strictObject({
    id: z.enum(['AC', 'RE', 'WA', 'TLE', 'MLE', 'RTE', 'CE', 'OLE', 'PE']),
    name: z.string(),
    penalty: z.boolean(),
    solved: z.boolean(),
  }),
  languages: z.strictObject({
    id,
    name: z.string(),
    entry_point_required: z.literal(false),
    extensions: z.array(z.string()),
  }),
  problems: z.strictObject({
    id,
    label: z.string().regex(/^[A-Z]+$/),
    name: z.string(),
    ordinal: z.int(),
    test_data_count: z.int().min(0),
  }),
  teams: z.strictObject({ id, label: z.string(), name: z.string(), display_name: z.string() }),
  submissions: z.strictObject({
    id,
    language_id: id,
    problem_id: id,
    team_id: id,
    time,
    contest_time: relative,
    entry_point: z.null(),
    files: z.array(z.never()),
  }),
  judgements: z.strictObject({
    id,
    submission_id: id,
    judgement_type_id: id,
    start_time: time,
    start_contest_time: relative,
    end_time: time,
    end_contest_time: relative,
  }),
  awards: z.strictObject({ id, citation: z.string(), team_ids: z.array(id) }),
  state: z.strictObject({
    started: time.nullable(),
    frozen: time.nullable(),
    ended: time.nullable(),
    thawed: time.nullable(),
    finalized: time.nullable(),
    end_of_updates: time.nullable(),
  }),
} as const;

type Type = keyof typeof SCHEMAS;
type Fields = Record<string, unknown> & { readonly id?: string };

/** Line of a feed. */
export interface FeedLine {
  readonly type: Type;
  readonly id: string | null;
  readonly data: Fields | readonly Fields[] | null;
  readonly token?: string;
}

/** Property of an object that names another one, and of which type. */
const REFERENCES: readonly [from: Type, property: string, to: Type][] = [
  ['submissions', 'language_id', 'languages'],
  ['submissions', 'problem_id', 'problems'],
  ['submissions', 'team_id', 'teams'],
  ['judgements', 'submission_id', 'submissions'],
  ['judgements', 'judgement_type_id', 'judgement-types'],
  ['awards', 'team_ids', 'teams'],
];

/** What a tool has of a contest: the lines of its feed, applied. Records everything that is wrong with them. */
export class FeedReplica {
  readonly faults: string[] = [];
  readonly objects = new Map<Type, Map<string, Fields>>();
  token: string | undefined;

  apply(line: FeedLine): void {
    const { type, data } = line;
    const schema = SCHEMAS[type];
    if (!schema) this.faults.push(`unknown type ${type}`);
    if (line.token !== undefined) this.token = line.token;
    const objects = this.of(type);
    if (this.of('state').get('')?.end_of_updates && type !== 'state') this.#changedAfterTheEnd = true;
    if (type === 'state') this.#changedAfterTheEnd = false;
    if (data === null) {
      if (!objects.delete(line.id ?? ''))
        this.faults.push(`${type} ${line.id} is deleted, and was not there`);
    } else if (Array.isArray(data)) {
      objects.clear();
      for (const one of data) this.#set(type, String(one.id), one);
    } else {
      const isSingleton = type === 'contest' || type === 'state';
      const one = data as Fields;
      if (isSingleton !== (line.id === null)) this.faults.push(`${type} has the id ${line.id}`);
      if (!isSingleton && one.id !== line.id)
        this.faults.push(`${type} ${line.id} has the data of ${one.id}`);
      this.#set(type, line.id ?? '', one);
    }
  }

  #changedAfterTheEnd = false;

  /** References to objects that are not there, and changes after `end_of_updates`. */
  get broken(): string[] {
    const dangling = REFERENCES.flatMap(([from, property, to]) =>
      [...this.of(from).values()].flatMap((object) =>
        [object[property]]
          .flat()
          .filter((wanted) => !this.of(to).has(String(wanted)))
          .map((wanted) => `${from} ${object.id}: no ${to} ${wanted}`),
      ),
    );
    const judged = [...this.of('judgements').values()].map((judgement) => judgement.submission_id);
    if (new Set(judged).size !== judged.length) dangling.push('a submission has two judgements');
    return this.#changedAfterTheEnd ? [...dangling, 'something follows end_of_updates'] : dangling;
  }

  of(type: Type): Map<string, Fields> {
    const objects = this.objects.get(type) ?? new Map<string, Fields>();
    this.objects.set(type, objects);
    return objects;
  }

  get state(): Fields {
    return this.of('state').get('') ?? {};
  }

  /** Judgement type of each judged submission. */
  get verdicts(): Record<string, unknown> {
    return Object.fromEntries(
      [...this.of('judgements').values()].map((judgement) => [
        judgement.submission_id,
        judgement.judgement_type_id,
      ]),
    );
  }

  /** Teams of an award; undefined: there is no such award. */
  award(awardId: string): unknown {
    return this.of('awards').get(awardId)?.team_ids;
  }

  #set(type: Type, key: string, object: Fields): void {
    const parsed = SCHEMAS[type]?.safeParse(object);
    if (parsed && !parsed.success) this.faults.push(`${type} ${key}: ${z.prettifyError(parsed.error)}`);
    this.of(type).set(key, object);
  }
}

/** Open feed, and what its lines make. */
export interface FeedReader {
  readonly lines: FeedLine[];
  readonly replica: FeedReplica;
  /** Number of newlines that keep the connection alive. */
  readonly keepalives: number;
  readonly ended: boolean;
  /** Waits until a condition on the replica holds. */
  until(holds: (replica: FeedReplica) => boolean): Promise<void>;
  close(): void;
}

/** Opens a feed. @param replica of an earlier connection, which this one continues */
export async function openFeed(
  url: string,
  headers: Record<string, string>,
  replica = new FeedReplica(),
): Promise<FeedReader> {
  const since = replica.token === undefined ? '' : `?since_token=${replica.token}`;
  const controller = new AbortController();
  const response = await fetch(`${url}${since}`, { headers, signal: controller.signal });
  if (response.status !== 200 || !response.body)
    throw new Error(`${response.status} ${await response.text()}`);
  const lines: FeedLine[] = [];
  let keepalives = 0;
  let ended = false;
  let rest = '';
  void (async () => {
    for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        if (part === '') keepalives++;
        else {
          const line = JSON.parse(part) as FeedLine;
          lines.push(line);
          replica.apply(line);
        }
      }
    }
  })()
    .catch(() => {})
    .finally(() => {
      ended = true;
    });
  return {
    lines,
    replica,
    get keepalives() {
      return keepalives;
    },
    get ended() {
      return ended;
    },
    until: (holds) => until(() => holds(replica)),
    close: () => controller.abort(),
  };
}
