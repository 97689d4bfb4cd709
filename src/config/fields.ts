import { isIP } from 'node:net';
import { z } from 'zod';

/** Schema of an optional variable. `read` returns undefined for a value that is not as `expected`. */
function variable<T, F>(expected: string, read: (text: string) => T | undefined, fallback: F) {
  return z
    .string()
    .optional()
    .transform((text, context): T | F => {
      if (text === undefined) return fallback;
      const value = read(text);
      if (value !== undefined) return value;
      context.addIssue({ code: 'custom', message: `${shown(text)} is not ${expected}` });
      return z.NEVER;
    });
}

/** Quotes a value for an error: shortened, and without the password of a URL. Not for secrets. */
function shown(text: string): string {
  const redacted = text.replace(/\/\/[^/]*@/, '//…@');
  return JSON.stringify(redacted.length > 60 ? `${redacted.slice(0, 60)}…` : redacted);
}

/** @param unit unit of the value, for the error: `ms`, `bytes` … */
export function integer<F extends number | undefined>(min: number, max: number, fallback: F, unit = '') {
  return variable(
    `a whole number${unit && ` of ${unit}`} from ${min} to ${max}`,
    (text) => {
      const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    },
    fallback,
  );
}

export function oneOf<const T extends string, F extends T | undefined>(words: readonly T[], fallback: F) {
  return variable(`one of ${words.join(', ')}`, (text) => words.find((word) => word === text), fallback);
}

export function listOf<const T extends string>(words: readonly T[]) {
  return variable(
    `a comma-separated list out of ${words.join(', ')}`,
    (text) => {
      const items = splitList(text).map((item) => words.find((word) => word === item));
      return items.length > 0 && !items.includes(undefined) ? [...new Set(items as T[])] : undefined;
    },
    undefined,
  );
}

/** Value of `DEMO` that turns the demo on in a database that the service does not run itself. */
export const DEMO_ON_THIS_DATABASE = 'on-this-database';

/** Whether the demo runs: in the embedded database alone (`on`), or in whatever database is configured. */
export function demo() {
  return variable(
    `on, off or ${DEMO_ON_THIS_DATABASE}`,
    (text): 'on' | 'off' | typeof DEMO_ON_THIS_DATABASE | undefined => {
      if (/^(?:on|true|yes|1)$/i.test(text)) return 'on';
      if (/^(?:off|false|no|0)$/i.test(text)) return 'off';
      return text.toLowerCase() === DEMO_ON_THIS_DATABASE ? DEMO_ON_THIS_DATABASE : undefined;
    },
    undefined,
  );
}

export function host() {
  const isHost = (text: string) => isIP(text) !== 0 || /^[a-z0-9_][\w.-]*$/i.test(text);
  return variable(
    'a host name or an address, without port',
    (text) => (isHost(text) && !text.includes('%') ? text : undefined),
    undefined,
  );
}

export function matching(pattern: RegExp, expected: string) {
  return variable(expected, (text) => (pattern.test(text) ? text : undefined), undefined);
}

/** An offset from UTC, or a zone of the IANA database. */
export function timeZone() {
  const isOffset = (text: string) => /^[+-](?:0\d|1[0-4]):[0-5]\d$/.test(text);
  return variable(
    'a time zone such as +05:30 or Asia/Kolkata',
    (text) => (isOffset(text) || isZoneName(text) ? text : undefined),
    undefined,
  );
}

function isZoneName(text: string): boolean {
  if (!/^[A-Za-z]/.test(text)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }) !== undefined;
  } catch {
    return false;
  }
}

/** Any text. */
export function anyText<F extends string | undefined>(fallback: F) {
  return variable('', (value) => value, fallback);
}

/** A value that no error shows. `why` returns what is wrong with it, if anything. */
export function secret(why: (value: string) => string | undefined = () => undefined) {
  return z
    .string()
    .optional()
    .superRefine((value, context) => {
      const message = value === undefined ? undefined : why(value);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    });
}

/** Web origins (RFC 6454), comma-separated. The output has them in canonical form. */
export function origins() {
  return z
    .string()
    .optional()
    .transform((value, context): readonly string[] =>
      splitList(value ?? '').flatMap((item) => {
        const origin = readOrigin(item);
        if (origin !== undefined) return [origin];
        const why =
          item === '*'
            ? '"*" would let any site use the cookies of players; list the origins (localhost needs no entry in development)'
            : `${shown(item)} is not an origin such as https://codecraft.example`;
        context.addIssue({ code: 'custom', message: why });
        return [];
      }),
    );
}

function readOrigin(item: string): string | undefined {
  const url = URL.canParse(item) ? new URL(item) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || item.includes('*')) return undefined;
  const bare =
    url.pathname === '/' &&
    url.search === '' &&
    url.hash === '' &&
    url.username === '' &&
    url.password === '';
  return bare ? url.origin : undefined;
}

function splitList(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
