import type { Mistake } from './error.ts';
import { DEMO_ON_THIS_DATABASE } from './fields.ts';
import { KEY_ALGORITHMS, SECRET_ALGORITHMS } from './variables.ts';

/** Environment without blank values: `JWT_SECRET=` in a file means that there is none. */
export type Env = Readonly<Record<string, string | undefined>>;

/** Min length of a secret in production, in bytes: the hash length of HS256 (RFC 7518 § 3.2). */
const MIN_SECRET_BYTES = 32;

/** How to make each secret. */
const SECRET_ADVICE: Readonly<Record<'JWT_SECRET' | 'LIVE_SECRET', string>> = {
  JWT_SECRET: 'make one with `openssl rand -base64 32` and give the platform the same',
  LIVE_SECRET: 'make one with `openssl rand -base64 32`',
};

/** Words that secrets in tutorials and examples consist of. */
const COMMON_WORDS =
  'codecraft development production changeme password passwd replace private default example session random string secret change please qwerty abcdef token super admin 1234567890 0123456789 123456 your auth this with here live demo test jwt key dev app'.split(
    ' ',
  );

/** Checks variables against each other. Runs even where single variables are invalid, so that one error lists all mistakes. */
export function mistakesBetween(env: Env): Mistake[] {
  return [
    ...databaseMistakes(env),
    ...keyMistakes(env),
    ...algorithmMistakes(env),
    ...secretMistakes(env),
    ...demoMistakes(env),
    ...timeMistakes(env),
    ...shutdownMistakes(env),
    ...workerMistakes(env),
  ];
}

const isProduction = (env: Env) => env.NODE_ENV === 'production';
const isEmbedded = (env: Env) => env.DATABASE_URL === undefined && env.DB_HOST === undefined;

function databaseMistakes(env: Env): Mistake[] {
  if (!isEmbedded(env)) return [];
  const meant = ['DB_PORT', 'DB_USER', 'DB_PASSWORD', 'DB_NAME'].filter((name) => env[name] !== undefined);
  if (meant.length > 0)
    return [
      {
        variable: 'DB_HOST',
        problem: `is missing although ${meant.join(', ')} ${meant.length === 1 ? 'is' : 'are'} set; expected the host of the database`,
      },
    ];
  if (isProduction(env))
    return [
      {
        variable: 'DATABASE_URL',
        problem: 'is missing, and so is DB_HOST; production needs a database server, expected one of the two',
      },
    ];
  return [];
}

/** Checks for the secrets that may be left out with an embedded development database alone. */
function keyMistakes(env: Env): Mistake[] {
  const here = isProduction(env) ? 'in production' : 'with a database that others use too';
  if (isEmbedded(env) && !isProduction(env)) return [];
  if (env.JWT_SECRET !== undefined) return [];
  if (env.JWKS_URL === undefined)
    return [
      {
        variable: 'JWT_SECRET',
        problem: `is missing; ${here} expected the secret that the platform signs its tokens with (or JWKS_URL); where there is none yet, ${SECRET_ADVICE.JWT_SECRET}`,
      },
    ];
  return env.LIVE_SECRET === undefined
    ? [
        {
          variable: 'LIVE_SECRET',
          problem: `is missing; ${here} and without JWT_SECRET expected a random secret for tickets and service tokens: ${SECRET_ADVICE.LIVE_SECRET}`,
        },
      ]
    : [];
}

function algorithmMistakes(env: Env): Mistake[] {
  const listed = (env.JWT_ALGORITHMS ?? '').split(',').map((item) => item.trim());
  const secretOnes = listed.filter((item) => SECRET_ALGORITHMS.some((known) => known === item));
  const keyOnes = listed.filter((item) => KEY_ALGORITHMS.some((known) => known === item));
  const variable = 'JWT_ALGORITHMS';
  const found: Mistake[] = [];
  if (keyOnes.length > 0 && env.JWKS_URL === undefined)
    found.push({ variable, problem: `lists ${keyOnes.join(', ')}, which needs JWKS_URL` });
  if (secretOnes.length > 0 && env.JWT_SECRET === undefined && env.JWKS_URL !== undefined)
    found.push({ variable, problem: `lists ${secretOnes.join(', ')}, which needs JWT_SECRET` });
  return found;
}

function secretMistakes(env: Env): Mistake[] {
  if (!isProduction(env)) return [];
  const found: Mistake[] = [];
  for (const variable of ['JWT_SECRET', 'LIVE_SECRET'] as const) {
    const value = env[variable];
    if (value === undefined) continue;
    const advice = SECRET_ADVICE[variable];
    if (Buffer.byteLength(value) < MIN_SECRET_BYTES)
      found.push({ variable, problem: `is shorter than ${MIN_SECRET_BYTES} bytes; ${advice}` });
    else if (isGuessable(value))
      found.push({ variable, problem: `is a well-known or guessable secret; ${advice}` });
  }
  const database = env.DATABASE_URL;
  if (database !== undefined && URL.canParse(database)) {
    if (new URL(database).searchParams.get('ssl') === 'no-verify')
      found.push({
        variable: 'DATABASE_URL',
        problem:
          'has ssl=no-verify, which allows a man in the middle to impersonate the database; in production expected ssl=true, with &ca=/path/to/ca.pem for a certificate authority of your own',
      });
  }
  const jwks = env.JWKS_URL;
  if (jwks !== undefined && URL.canParse(jwks) && !isConfidential(new URL(jwks)))
    found.push({
      variable: 'JWKS_URL',
      problem: 'is not https; in production keys must not be fetched over an unencrypted connection',
    });
  return found;
}

/** Whether it consists of common words, or of a few repeated characters. */
function isGuessable(value: string): boolean {
  const bare = value.toLowerCase().replaceAll(/[\s_.!-]/g, '');
  const rest = COMMON_WORDS.reduce((left, word) => left.replaceAll(word, ''), bare);
  return rest.length < 8 || new Set(value).size < 5;
}

function isConfidential(url: URL): boolean {
  return url.protocol !== 'http:' || ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
}

/** Checks where the demo may run: it makes up users, one of them an admin, and issues tokens for them. */
function demoMistakes(env: Env): Mistake[] {
  const { DEMO: value } = env;
  if (value === undefined || !/^(?:on|true|yes|1|on-this-database)$/i.test(value)) return [];
  const variable = 'DEMO';
  if (isProduction(env))
    return [
      {
        variable,
        problem:
          'is on, and in production there is no demo: it makes up users and issues tokens for them; leave it out, or set NODE_ENV=development to try things',
      },
    ];
  if (isEmbedded(env) || value.toLowerCase() === DEMO_ON_THIS_DATABASE) return [];
  return [
    {
      variable,
      problem: `is on beside a database that others use too; if its tables may be given made-up users, contests and scores, set DEMO=${DEMO_ON_THIS_DATABASE}`,
    },
  ];
}

function workerMistakes(env: Env): Mistake[] {
  if (env.WORKER_PORTS === undefined) return [];
  const first = Number(env.WORKER_PORTS);
  const last = first + Number(env.WORKERS ?? 1) - 1;
  const port = Number(env.PORT ?? 4400);
  const variable = 'WORKER_PORTS';
  if (last > 65_535)
    return [{ variable, problem: `${first} leaves no port for each of ${env.WORKERS} workers` }];
  return port >= first && port <= last
    ? [{ variable, problem: `${first} to ${last} contain PORT (${port}), which all workers share` }]
    : [];
}

/** `SHUTDOWN_DRAIN_MS` in production where it is not set. */
export const PRODUCTION_DRAIN_MS = 5_000;

function shutdownMistakes(env: Env): Mistake[] {
  const drainMs = Number(env.SHUTDOWN_DRAIN_MS ?? (isProduction(env) ? PRODUCTION_DRAIN_MS : 0));
  return Number(env.SHUTDOWN_SPREAD_MS ?? 0) > drainMs
    ? [
        {
          variable: 'SHUTDOWN_SPREAD_MS',
          problem: `${env.SHUTDOWN_SPREAD_MS} is more than SHUTDOWN_DRAIN_MS (${drainMs}), of which it is the last part`,
        },
      ]
    : [];
}

function timeMistakes(env: Env): Mistake[] {
  const interval = Number(env.HEARTBEAT_INTERVAL ?? 15_000);
  const timeout = Number(env.HEARTBEAT_TIMEOUT ?? 60_000);
  return timeout < 2 * interval
    ? [
        {
          variable: 'HEARTBEAT_TIMEOUT',
          problem: `${timeout} is less than twice HEARTBEAT_INTERVAL (${interval})`,
        },
      ]
    : [];
}
