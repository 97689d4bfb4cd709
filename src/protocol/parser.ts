import type { z } from 'zod';

/** Parses a value as `safeParse` of a schema does. */
export type Parser<S extends z.ZodType> = (value: unknown) => z.ZodSafeParseResult<z.output<S>>;

/** Output for a value that is certainly valid, else `UNSURE`. */
type Accept = (value: unknown) => unknown;

/** What a schema is made of, as far as it is read here. */
interface Def {
  readonly type: string;
  readonly format?: string;
  readonly checks?: readonly { readonly _zod: { readonly def: CheckDef } }[];
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly catchall?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly keyType?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly defaultValue?: unknown;
}

interface CheckDef {
  readonly check: string;
  readonly format?: string;
  readonly value?: unknown;
  readonly inclusive?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: RegExp;
  readonly fn?: unknown;
}

/** Field of an object: where it may be absent, what it then is in the output. */
interface Field {
  readonly key: string;
  readonly accept: Accept;
  readonly absent: { readonly skipped: true } | { readonly value: unknown } | undefined;
}

const UNSURE = Symbol('unsure');

/**
 * Makes a parser that accepts valid values at a fraction of the cost of `safeParse`. The schema is the one source of the rules:
 * the parser is derived from it, at its first call, and leaves to `safeParse` each value that it is not sure of, such as every
 * invalid one. Its output is the same, with the fields in the order of the schema.
 */
export function parserOf<S extends z.ZodType>(schema: S): Parser<S> {
  let accept: Accept | undefined;
  return (value) => {
    accept ??= acceptorOf(schema);
    const data = accept(value);
    return data === UNSURE ? schema.safeParse(value) : { success: true, data: data as z.output<S> };
  };
}

function acceptorOf(schema: z.ZodType): Accept {
  const def = defOf(schema);
  const checks = (def.checks ?? []).map(({ _zod }) => checkOf(_zod.def));
  const accept = acceptorByType(schema, def);
  const known = checks.filter((check) => check !== undefined);
  if (accept === undefined || known.length < checks.length) return acceptorBySchema(schema);
  if (known.length === 0) return accept;
  return (value) => {
    const output = accept(value);
    if (output !== UNSURE) for (const check of known) if (!check(output)) return UNSURE;
    return output;
  };
}

const defOf = (schema: z.ZodType): Def => schema._zod.def as unknown as Def;

function acceptorBySchema(schema: z.ZodType): Accept {
  return (value) => {
    const parsed = schema.safeParse(value);
    return parsed.success ? parsed.data : UNSURE;
  };
}

/** Acceptor of a schema without its checks; undefined for what is left to the schema itself. */
function acceptorByType(schema: z.ZodType, def: Def): Accept | undefined {
  switch (def.type) {
    case 'string':
      return def.format === undefined ? (value) => (typeof value === 'string' ? value : UNSURE) : undefined;
    case 'number':
      if (def.format === undefined) return (value) => (Number.isFinite(value) ? value : UNSURE);
      return def.format === 'safeint' ? (value) => (Number.isSafeInteger(value) ? value : UNSURE) : undefined;
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? value : UNSURE);
    case 'unknown':
      return (value) => value;
    case 'enum':
    case 'literal': {
      const { values } = schema._zod;
      return values && ((value) => (values.has(value as string) ? value : UNSURE));
    }
    case 'nullable': {
      const accept = acceptorOf(def.innerType as z.ZodType);
      return (value) => (value === null ? null : accept(value));
    }
    case 'array':
      return acceptArray(acceptorOf(def.element as z.ZodType));
    case 'object':
      return def.catchall && defOf(def.catchall).type === 'never' ? acceptObject(def.shape ?? {}) : undefined;
    case 'record':
      return acceptRecord(def);
    case 'union':
      return acceptUnion(def.options ?? []);
    default:
      return undefined;
  }
}

/** Check of an output; undefined where only the schema knows it. */
function checkOf(def: CheckDef): ((value: unknown) => boolean) | undefined {
  const { check, value: bound, inclusive, minimum, maximum, pattern, fn } = def;
  if (check === 'min_length') return (value) => (value as string).length >= (minimum as number);
  if (check === 'max_length') return (value) => (value as string).length <= (maximum as number);
  if (check === 'custom' && typeof fn === 'function') return (value) => fn(value) === true;
  if (check === 'string_format' && def.format === 'regex' && pattern?.flags === '')
    return (value) => pattern.test(value as string);
  if (typeof bound !== 'number' || inclusive !== true) return undefined;
  if (check === 'greater_than') return (value) => (value as number) >= bound;
  if (check === 'less_than') return (value) => (value as number) <= bound;
  return undefined;
}

function acceptArray(accept: Accept): Accept {
  return (values) => {
    if (!Array.isArray(values)) return UNSURE;
    const output: unknown[] = [];
    for (const value of values) {
      const accepted = accept(value);
      if (accepted === UNSURE || accepted === undefined) return UNSURE;
      output.push(accepted);
    }
    return output;
  };
}

/** Objects without other fields. */
function acceptObject(shape: Readonly<Record<string, z.ZodType>>): Accept {
  const fields = Object.entries(shape).map(([key, schema]) => fieldOf(key, schema));
  return (value) => {
    if (!isPlain(value)) return UNSURE;
    const output: Record<string, unknown> = {};
    let missing = 0;
    for (const { key, accept, absent } of fields) {
      const given = value[key];
      if (given === undefined) {
        if (absent === undefined) return UNSURE;
        missing += 1;
        if ('value' in absent) output[key] = absent.value;
        continue;
      }
      const accepted = accept(given);
      if (accepted === UNSURE) return UNSURE;
      output[key] = accepted;
    }
    // Also counts a field that is there, but undefined.
    let given = 0;
    for (const _ in value) given += 1;
    return given === fields.length - missing ? output : UNSURE;
  };
}

function fieldOf(key: string, schema: z.ZodType): Field {
  const { type, innerType, checks = [], defaultValue } = defOf(schema);
  if (innerType !== undefined && checks.length === 0) {
    if (type === 'optional') return { key, accept: acceptorOf(innerType), absent: { skipped: true } };
    if (type === 'default' && typeof defaultValue !== 'object')
      return { key, accept: acceptorOf(innerType), absent: { value: defaultValue } };
  }
  return { key, accept: acceptorOf(schema), absent: undefined };
}

/** Objects of any fields and values: as they are, since nothing changes them. */
function acceptRecord({ keyType, valueType }: Def): Accept | undefined {
  const key = keyType && defOf(keyType);
  if (key?.type !== 'string' || key.format !== undefined || (key.checks ?? []).length > 0) return undefined;
  if (valueType === undefined || defOf(valueType).type !== 'unknown') return undefined;
  return (value) => (isPlain(value) && !Object.hasOwn(value, '__proto__') ? value : UNSURE);
}

/** The first option that an array, or anything else, may be; the schema decides between several. */
function acceptUnion(options: readonly z.ZodType[]): Accept {
  const acceptors = options.map((option) => ({ type: defOf(option).type, accept: acceptorOf(option) }));
  return (value) => {
    const refused = Array.isArray(value) ? 'object' : 'array';
    for (const { type, accept } of acceptors) if (type !== refused) return accept(value);
    return UNSURE;
  };
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
