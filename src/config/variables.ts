import { accessSync, constants } from 'node:fs';
import { z } from 'zod';
import {
  anyText,
  demo,
  host,
  integer,
  listOf,
  matching,
  oneOf,
  origins,
  secret,
  timeZone,
} from './fields.ts';

/** Algorithms verified with the shared secret. */
export const SECRET_ALGORITHMS = ['HS256', 'HS384', 'HS512'] as const;
/** Algorithms verified with a public key of the JWKS. */
export const KEY_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

export type Algorithm = (typeof SECRET_ALGORITHMS)[number] | (typeof KEY_ALGORITHMS)[number];

/** Schema of all variables, each checked by itself. `.env.example` describes them in this order. */
export const VARIABLES = z.object({
  NODE_ENV: oneOf(['development', 'production', 'test'], 'development'),
  PORT: integer(0, 65_535, 4400),
  HOST: host(),
  WORKERS: integer(1, 256, 1, 'processes'),
  WORKER_PORTS: integer(1, 65_535, undefined),
  FRONTEND_URLS: origins(),
  TRUST_PROXY: integer(0, 10, 0, 'proxies'),
  METRICS: oneOf(['public', 'private'], undefined),
  SHUTDOWN_DRAIN_MS: integer(0, 600_000, undefined, 'ms'),
  SHUTDOWN_SPREAD_MS: integer(0, 600_000, undefined, 'ms'),
  MAX_REQUESTS_PER_USER: integer(1, 10_000, 4, 'requests'),
  MAX_REQUESTS_PER_SECOND: integer(0, 1_000_000, 100, 'requests'),
  MAX_REQUESTS_PER_SERVICE: integer(1, 100_000, 256, 'requests'),
  LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'info'),
  DATA_DIR: anyText('.data'),

  DATABASE_URL: secret(databaseUrlMistake),
  DB_HOST: host(),
  DB_PORT: integer(1, 65_535, 3306),
  DB_USER: anyText('root'),
  DB_PASSWORD: secret(),
  DB_NAME: matching(/^[^/\\?#\s]{1,64}$/, 'the name of a database'),
  DATABASE_POOL_SIZE: integer(2, 500, 10, 'connections'),
  PLATFORM_TIME_ZONE: timeZone(),
  REDIS_URL: secret(redisUrlMistake),

  JWT_SECRET: secret(),
  JWKS_URL: secret(jwksUrlMistake),
  JWT_ALGORITHMS: listOf([...SECRET_ALGORITHMS, ...KEY_ALGORITHMS]),
  JWT_ISSUER: anyText(undefined),
  JWT_AUDIENCE: anyText(undefined),
  LIVE_SECRET: secret(),
  TICKET_TTL_S: integer(1, 3600, 60, 'seconds'),

  HEARTBEAT_INTERVAL: integer(50, 60_000, 15_000, 'ms'),
  HEARTBEAT_TIMEOUT: integer(100, 3_600_000, 60_000, 'ms'),
  STREAM_RETRY_MS: integer(1, 600_000, 1_500, 'ms'),
  STREAM_MAX_AGE_MS: integer(100, 86_400_000, 3_600_000, 'ms'),
  STREAM_MAX_UNSENT_BYTES: integer(1024, 1_073_741_824, 1_048_576, 'bytes'),
  STREAM_MAX_STALL_MS: integer(100, 600_000, 30_000, 'ms'),
  STREAM_MAX_SILENCE_MS: integer(1_000, 3_600_000, 20_000, 'ms'),
  MAX_STREAMS: integer(1, 1_000_000, 20_000, 'streams'),
  MAX_STREAMS_PER_PLAYER: integer(1, 1_000_000, 20, 'streams'),
  MAX_SCOPES_PER_STREAM: integer(1, 2_000, 500, 'scopes'),
  STREAM_COMPRESSION: oneOf(['off', 'gzip'], 'off'),
  STREAM_WRITES: oneOf(['native', 'node'], 'native'),
  RING_FRAMES: integer(0, 10_000_000, 20_000, 'frames'),
  RING_BYTES: integer(0, 17_179_869_184, 67_108_864, 'bytes'),

  PRESENCE_GRACE_MS: integer(0, 600_000, 10_000, 'ms'),
  PRESENCE_INTERVAL_MS: integer(50, 600_000, 3_000, 'ms'),

  STANDINGS_INTERVAL_MS: integer(10, 60_000, 250, 'ms'),
  STANDINGS_CHECK_MS: integer(50, 600_000, 2_000, 'ms'),
  RANK_CHANGE_TOP: integer(0, 1_000, 10, 'ranks'),
  RANK_CHANGE_WINDOW_MS: integer(0, 60_000, 1_500, 'ms'),
  GLOBAL_LEADERBOARD_INTERVAL_MS: integer(50, 600_000, 5_000, 'ms'),
  FREEZE_HOLD_DAYS: integer(0, 3650, 7, 'days'),
  FREEZE_APPEND_INTERVAL_MS: integer(50, 600_000, 1_000, 'ms'),

  RETAIN_PLAYER_DAYS: integer(1, 3650, 90, 'days'),
  RETAIN_CONTEST_DAYS: integer(1, 3650, 30, 'days'),
  RETAIN_PROBLEM_DAYS: integer(1, 3650, 7, 'days'),
  RETAIN_GLOBAL_DAYS: integer(1, 3650, 14, 'days'),
  RETAIN_NUDGE_MINUTES: integer(1, 10_080, 15, 'minutes'),

  DEMO: demo(),
  DEMO_INTERVAL_MS: integer(50, 86_400_000, 10_000, 'ms'),
});

export type Variables = z.output<typeof VARIABLES>;

const DATABASE_URL_FORM = 'expected mysql://user:password@host:3306/database';

function databaseUrlMistake(value: string): string | undefined {
  if (!URL.canParse(value)) return `cannot be read as a URL; ${DATABASE_URL_FORM}`;
  const url = new URL(value);
  if (url.protocol !== 'mysql:' && url.protocol !== 'mariadb:')
    return `begins with ${url.protocol}; ${DATABASE_URL_FORM}`;
  if (url.pathname.length < 2) return `names no database; ${DATABASE_URL_FORM}`;
  try {
    decodeURIComponent(url.username + url.password + url.pathname);
  } catch {
    return 'has a % that is not part of an escape; write a plain % as %25';
  }
  const ssl = url.searchParams.get('ssl');
  if (ssl !== null && !['true', 'false', 'no-verify'].includes(ssl))
    return 'has an ssl parameter other than true, false or no-verify';
  return caMistake(url.searchParams.get('ca'), ssl);
}

function caMistake(file: string | null, ssl: string | null): string | undefined {
  if (file === null) return undefined;
  if (ssl !== 'true') return 'has a ca parameter without ssl=true; set ssl=true to verify with it';
  try {
    accessSync(file, constants.R_OK);
    return undefined;
  } catch (error) {
    return `names ${file} as ca, which cannot be read (${(error as NodeJS.ErrnoException).code})`;
  }
}

function redisUrlMistake(value: string): string | undefined {
  const expected = 'expected redis://user:password@host:6379, or rediss:// for TLS';
  if (!URL.canParse(value)) return `cannot be read as a URL; ${expected}`;
  const { protocol, hostname } = new URL(value);
  if (protocol !== 'redis:' && protocol !== 'rediss:') return `begins with ${protocol}; ${expected}`;
  return hostname === '' ? `names no host; ${expected}` : undefined;
}

function jwksUrlMistake(value: string): string | undefined {
  const expected = 'expected https://…/jwks.json';
  if (!URL.canParse(value)) return `cannot be read as a URL; ${expected}`;
  const url = new URL(value);
  return /^https?:$/.test(url.protocol) ? undefined : `begins with ${url.protocol}; ${expected}`;
}
