import { resolve } from 'node:path';
import { ConfigError, type Mistake } from './error.ts';
import { DEMO_ON_THIS_DATABASE } from './fields.ts';
import { withPresentNames } from './former-names.ts';
import { type Env, mistakesBetween, PRODUCTION_DRAIN_MS } from './rules.ts';
import { type Algorithm, KEY_ALGORITHMS, SECRET_ALGORITHMS, VARIABLES, type Variables } from './variables.ts';

/** Configuration of the service, grouped by part. Times are in ms unless the name gives another unit. */
export interface Config {
  readonly mode: 'development' | 'production' | 'test';
  /** Absolute path of the folder with the embedded database and the development secret. */
  readonly dataDirectory: string;
  /** Processes that serve one port, each a node of its own. */
  readonly workers: number;
  readonly http: HttpConfig;
  readonly database: DatabaseConfig;
  /** Time zone of the platform's DATETIMEs, as `createPlatformClock` takes it; undefined: the database server's. */
  readonly platform: { readonly timeZone: string | undefined };
  /** Redis between the nodes; undefined: they poll the database alone. */
  readonly redisUrl: string | undefined;
  readonly auth: AuthConfig;
  readonly stream: StreamConfig;
  readonly presence: { readonly graceMs: number; readonly intervalMs: number };
  readonly standings: LeaderboardConfig;
  /** Retention of rows of the log, by keep class, ms. */
  readonly retention: Readonly<
    Record<'player' | 'contest' | 'leaderboard' | 'problem' | 'global' | 'nudge', number>
  >;
  readonly demo: DemoConfig;
  readonly log: { readonly level: Variables['LOG_LEVEL'] };
  /** What to log at the start about the variables. */
  readonly notices: readonly string[];
}

export interface HttpConfig {
  /** 0: any free one. */
  readonly port: number;
  readonly host: string;
  /** First of the ports at which each worker by itself answers operators; undefined: none. */
  readonly workerPorts: number | undefined;
  readonly origins: OriginRules;
  /** Number of proxies in front that write `X-Forwarded-*`; 0: those headers are ignored. */
  readonly trustProxy: number;
  /** Time for which a closing service continues to serve while `/ready` answers `draining`, ms. */
  readonly drainMs: number;
  /** Last part of that time, over which streams are closed, ms. */
  readonly spreadMs: number;
  /** Access to `/metrics`: `private` is for admins and services. */
  readonly metrics: 'public' | 'private';
  /** Limits of each account, and of each address on routes without identity. */
  readonly bounds: Readonly<Record<'user' | 'service' | 'address', CallerBounds>>;
}

/** Max requests in progress, max that wait behind them, and max per second on average (0: unlimited). */
interface CallerBounds {
  readonly running: number;
  readonly waiting: number;
  readonly perSecond: number;
}

/** Other web origins that may call with the player's cookie. */
export interface OriginRules {
  readonly listed: readonly string[];
  /** Whether `http://localhost:*` and `http://127.0.0.1:*` may, too. */
  readonly loopback: boolean;
}

export type DatabaseConfig = { readonly poolSize: number } & (
  | { readonly kind: 'embedded'; readonly directory: string }
  | { readonly kind: 'url'; readonly url: string }
);

export interface AuthConfig {
  /** Secret that the platform signs its tokens with; undefined with a JWKS, or until the development secret is filled in. */
  readonly secret: string | undefined;
  /** Secret of tickets and service tokens; undefined: derived from `secret`. */
  readonly liveSecret: string | undefined;
  readonly jwksUrl: string | undefined;
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
  /** Signature algorithms accepted on the platform's tokens. */
  readonly algorithms: readonly Algorithm[];
  /** Time for which a ticket may open a stream, in seconds. */
  readonly ticketTtlS: number;
}

interface StreamConfig {
  readonly heartbeatMs: number;
  /** Max age of the last heartbeat of a session that is alive. */
  readonly heartbeatTimeoutMs: number;
  readonly retryMs: number;
  readonly maxAgeMs: number;
  readonly maxUnsentBytes: number;
  readonly maxStallMs: number;
  /** Max time for which a stream's peer acknowledges nothing of what was sent, ms. Linux only. */
  readonly maxSilenceMs: number;
  readonly maxStreams: number;
  readonly maxStreamsPerPlayer: number;
  /** Max scopes on one stream, and of one ticket. */
  readonly maxScopes: number;
  /** Whether streams are compressed for clients that accept gzip. */
  readonly gzip: boolean;
  /** Whether the addon writes to sockets, where it loads. */
  readonly native: boolean;
  readonly ring: { readonly frames: number; readonly bytes: number };
}

interface LeaderboardConfig {
  /** Min interval between two updates of a contest's leaderboard. */
  readonly intervalMs: number;
  /** Interval between polls for score changes that were not reported. */
  readonly checkMs: number;
  /** Max rank of players who get a RANK_CHANGE when they are overtaken. */
  readonly top: number;
  /** Window over which rank changes are conflated. */
  readonly rankWindowMs: number;
  readonly globalMs: number;
  /** How long after its end a frozen contest holds the public XP of its participants, in days. */
  readonly holdDays: number;
  /** Time between two appends of what follows from hidden verdicts, ms. */
  readonly pacedMs: number;
}

interface DemoConfig {
  readonly enabled: boolean;
  /** Whether made-up users may be inserted into the configured database. */
  readonly besideOthers: boolean;
  readonly intervalMs: number;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** `SHUTDOWN_SPREAD_MS` where it is not set: half the drain, and this at most. */
const MAX_DEFAULT_SPREAD_MS = 3_000;

/**
 * Reads the configuration from the environment.
 *
 * @throws ConfigError that lists every mistake.
 */
export function loadConfig(environment: Record<string, string | undefined>): Config {
  const { env, usedFor, notice } = withPresentNames(withoutBlanks(environment));
  const parsed = VARIABLES.safeParse(env);
  const alone = (parsed.error?.issues ?? []).map(
    (issue): Mistake => ({ variable: String(issue.path[0]), problem: issue.message }),
  );
  const mistakes = [...alone, ...mistakesBetween(env)].map(({ variable, problem }) => ({
    variable: usedFor.get(variable) ?? variable,
    problem,
  }));
  if (!parsed.success || mistakes.length > 0) throw new ConfigError(mistakes);
  return { ...group(parsed.data), notices: notice === undefined ? [] : [notice] };
}

function group(v: Variables): Omit<Config, 'notices'> {
  const mode = v.NODE_ENV;
  const dataDirectory = resolve(v.DATA_DIR);
  const database = databaseOf(v, dataDirectory);
  const drainMs = v.SHUTDOWN_DRAIN_MS ?? (mode === 'production' ? PRODUCTION_DRAIN_MS : 0);
  return {
    mode,
    dataDirectory,
    workers: v.WORKERS,
    database,
    platform: { timeZone: v.PLATFORM_TIME_ZONE },
    redisUrl: v.REDIS_URL,
    http: {
      port: v.PORT,
      host: v.HOST ?? (mode === 'production' ? '0.0.0.0' : '127.0.0.1'),
      workerPorts: v.WORKER_PORTS,
      origins: { listed: v.FRONTEND_URLS, loopback: mode !== 'production' },
      trustProxy: v.TRUST_PROXY,
      drainMs,
      spreadMs: v.SHUTDOWN_SPREAD_MS ?? Math.min(MAX_DEFAULT_SPREAD_MS, drainMs / 2),
      metrics: v.METRICS ?? (mode === 'production' ? 'private' : 'public'),
      bounds: boundsOf(v),
    },
    auth: {
      secret: v.JWT_SECRET,
      liveSecret: v.LIVE_SECRET,
      jwksUrl: v.JWKS_URL,
      issuer: v.JWT_ISSUER,
      audience: v.JWT_AUDIENCE,
      algorithms: v.JWT_ALGORITHMS ?? defaultAlgorithms(v),
      ticketTtlS: v.TICKET_TTL_S,
    },
    stream: {
      heartbeatMs: v.HEARTBEAT_INTERVAL,
      heartbeatTimeoutMs: v.HEARTBEAT_TIMEOUT,
      retryMs: v.STREAM_RETRY_MS,
      maxAgeMs: v.STREAM_MAX_AGE_MS,
      maxUnsentBytes: v.STREAM_MAX_UNSENT_BYTES,
      maxStallMs: v.STREAM_MAX_STALL_MS,
      maxSilenceMs: v.STREAM_MAX_SILENCE_MS,
      maxStreams: v.MAX_STREAMS,
      maxStreamsPerPlayer: v.MAX_STREAMS_PER_PLAYER,
      maxScopes: v.MAX_SCOPES_PER_STREAM,
      gzip: v.STREAM_COMPRESSION === 'gzip',
      native: v.STREAM_WRITES === 'native',
      ring: { frames: v.RING_FRAMES, bytes: v.RING_BYTES },
    },
    presence: { graceMs: v.PRESENCE_GRACE_MS, intervalMs: v.PRESENCE_INTERVAL_MS },
    standings: {
      intervalMs: v.STANDINGS_INTERVAL_MS,
      checkMs: v.STANDINGS_CHECK_MS,
      top: v.RANK_CHANGE_TOP,
      rankWindowMs: v.RANK_CHANGE_WINDOW_MS,
      globalMs: v.GLOBAL_LEADERBOARD_INTERVAL_MS,
      holdDays: v.FREEZE_HOLD_DAYS,
      pacedMs: v.FREEZE_APPEND_INTERVAL_MS,
    },
    retention: {
      player: v.RETAIN_PLAYER_DAYS * DAY_MS,
      contest: v.RETAIN_CONTEST_DAYS * DAY_MS,
      // Rows of leaderboard scopes are transient: the leaderboard itself can be read again.
      leaderboard: v.RETAIN_NUDGE_MINUTES * MINUTE_MS,
      problem: v.RETAIN_PROBLEM_DAYS * DAY_MS,
      global: v.RETAIN_GLOBAL_DAYS * DAY_MS,
      nudge: v.RETAIN_NUDGE_MINUTES * MINUTE_MS,
    },
    demo: {
      enabled:
        v.DEMO === undefined ? mode === 'development' && database.kind === 'embedded' : v.DEMO !== 'off',
      besideOthers: v.DEMO === DEMO_ON_THIS_DATABASE,
      intervalMs: v.DEMO_INTERVAL_MS,
    },
    log: { level: v.LOG_LEVEL },
  };
}

/** Max waiting requests per request in progress. */
const WAITING_EACH = 8;

function boundsOf(v: Variables): HttpConfig['bounds'] {
  const bounds = (running: number, perSecond: number) => ({
    running,
    waiting: WAITING_EACH * running,
    perSecond,
  });
  const user = bounds(v.MAX_REQUESTS_PER_USER, v.MAX_REQUESTS_PER_SECOND);
  return { user, address: user, service: bounds(v.MAX_REQUESTS_PER_SERVICE, 0) };
}

function databaseOf(v: Variables, directory: string): DatabaseConfig {
  const poolSize = v.DATABASE_POOL_SIZE;
  if (v.DATABASE_URL !== undefined) return { kind: 'url', url: v.DATABASE_URL, poolSize };
  if (v.DB_HOST === undefined) return { kind: 'embedded', directory, poolSize };
  const host = v.DB_HOST.includes(':') ? `[${v.DB_HOST}]` : v.DB_HOST;
  const login = [v.DB_USER, v.DB_PASSWORD ?? ''].map(encodeURIComponent).join(':');
  return {
    kind: 'url',
    url: `mysql://${login}@${host}:${v.DB_PORT}/${encodeURIComponent(v.DB_NAME ?? 'codecraft')}`,
    poolSize,
  };
}

function defaultAlgorithms(v: Variables): readonly Algorithm[] {
  const [shared] = SECRET_ALGORITHMS;
  const usual = KEY_ALGORITHMS.filter((name) => ['RS256', 'ES256', 'EdDSA'].includes(name));
  if (v.JWKS_URL === undefined) return [shared];
  return v.JWT_SECRET === undefined ? usual : [shared, ...usual];
}

/** Variables whose values are not trimmed. */
const VERBATIM = new Set(['JWT_SECRET', 'LIVE_SECRET', 'DB_PASSWORD']);

function withoutBlanks(environment: Record<string, string | undefined>): Env {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    const trimmed = value?.trim() ?? '';
    if (value !== undefined && trimmed !== '') env[name] = VERBATIM.has(name) ? value : trimmed;
  }
  return env;
}
