import type { Env } from './rules.ts';

/** Variables of the platform's Socket.IO layer, and ours that replace them. */
const FORMER = {
  ENABLE_WEBSOCKET_DEMO: 'DEMO',
  WEBSOCKET_HEARTBEAT_INTERVAL: 'HEARTBEAT_INTERVAL',
  WEBSOCKET_HEARTBEAT_TIMEOUT: 'HEARTBEAT_TIMEOUT',
} as const;

type FormerName = keyof typeof FORMER;

export interface Renamed {
  /** The environment with the present names. */
  readonly env: Env;
  /** Former name by the present one, where its value is used. */
  readonly usedFor: ReadonlyMap<string, string>;
  /** A sentence that names the variables to rename; undefined where there are none. */
  readonly notice: string | undefined;
}

/**
 * Gives variables of the Socket.IO layer their present names. A variable with the present name wins. Its demo is turned on only
 * outside production and in the embedded database.
 */
export function withPresentNames(env: Env): Renamed {
  const found = (Object.keys(FORMER) as FormerName[]).filter((name) => env[name] !== undefined);
  const renamed: Record<string, string | undefined> = { ...env };
  const usedFor = new Map<string, string>();
  const parts: string[] = [];
  for (const former of found) {
    const present = FORMER[former];
    const value = former === 'ENABLE_WEBSOCKET_DEMO' ? demoOf(env) : env[former];
    const isUsed = env[present] === undefined && value !== undefined;
    if (isUsed) {
      renamed[present] = value;
      usedFor.set(present, former);
    }
    parts.push(`${former} is ${present} now${isUsed ? '' : ', and not used here'}`);
  }
  const notice = parts.length === 0 ? undefined : `variables of the Socket.IO layer: ${parts.join('; ')}`;
  return { env: renamed, usedFor, notice };
}

/** The Socket.IO layer took `true` alone for on. */
function demoOf(env: Env): 'on' | 'off' | undefined {
  if (env.ENABLE_WEBSOCKET_DEMO !== 'true') return 'off';
  const harmless =
    env.NODE_ENV !== 'production' && env.DATABASE_URL === undefined && env.DB_HOST === undefined;
  return harmless ? 'on' : undefined;
}
