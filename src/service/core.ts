import type { Logger } from 'pino';
import { type Auth, createAuth } from '../auth/auth.ts';
import { deriveKeys } from '../auth/keys.ts';
import { OpaqueIds } from '../auth/opaque-ids.ts';
import type { Config } from '../config/config.ts';
import { completeSecrets } from '../config/secret.ts';
import type { Callers } from '../http/app-env.ts';
import { addressOf, createCallers } from '../http/callers.ts';
import { createPlatformClock, type PlatformClock } from '../platform/clock.ts';
import { formatCursor } from '../protocol/cursor.ts';
import { loadNativeSend } from '../stream/native-send.ts';
import { type OpenBackplane, openBackplane } from './backplane.ts';
import { type Databases, type DatabasesDeps, openDatabases } from './databases.ts';
import type { FailureLog } from './failure-log.ts';
import { type LogPipeline, openLogPipeline } from './log-pipeline.ts';
import { Parts } from './parts.ts';

/** Dependencies of all other parts: databases, log, callers and their access. */
export interface Core extends Databases {
  readonly config: Config;
  readonly log: LogPipeline;
  /** Has the callback run once another database server answers, which may be an older copy. */
  readonly onServerChanged: (callback: () => void) => void;
  readonly hints: OpenBackplane['hints'];
  /** What is wrong with the broker between nodes at present. */
  readonly backplaneWarnings: OpenBackplane['warnings'];
  readonly auth: Auth;
  readonly grants: Auth['grants'];
  readonly callers: Callers;
  readonly clock: PlatformClock;
  /** Cursor of the newest frame that was delivered to this node's streams. */
  readonly cursor: () => string;
  /** Ids of histories as callers see them. */
  readonly historyIds: OpaqueIds;
  /** Term of a position. */
  readonly termAt: (id: number) => string;
  /** Platform's shared secret; undefined where its tokens are signed with keys of a JWKS alone. */
  readonly secret: string | undefined;
  readonly warn: (line: string) => void;
  readonly onError: (error: unknown, where: string) => void;
}

interface NodeOptions extends Pick<DatabasesDeps, 'preparedUrl' | 'signal'> {
  readonly nodeId: string;
}

/** @throws when the database cannot be reached or migrated; the signal's reason */
export async function openCore(
  config: Config,
  logger: Logger,
  { onError }: Pick<FailureLog, 'onError'>,
  { nodeId, preparedUrl, signal }: NodeOptions,
): Promise<Core> {
  const { http, stream } = config;
  const secrets = await completeSecrets(config);
  const keys = deriveKeys(secrets);
  const opened = new Parts(onError);
  try {
    const databases = await openDatabases({ config, logger, onError, preparedUrl, signal });
    const { database } = opened.add('databases', databases);
    const backplane = opened.add(
      'backplane',
      openBackplane({
        url: config.redisUrl,
        database: database.name,
        nodeId,
        key: keys.backplane,
        logger,
      }),
    );
    const { hints } = backplane;
    const serverCallbacks: (() => void)[] = [];
    const log = opened.add(
      'log',
      await openLogPipeline({
        ...databases,
        ring: stream.ring,
        send: stream.native ? loadNativeSend()?.send : undefined,
        holdDays: config.standings.holdDays,
        hinted: () => hints.status === 'up',
        now: databases.databaseClock.now,
        onServerChanged: () => {
          logger.warn('another database server answers: all connections are opened anew');
          database.renew();
          databases.background.renew();
          for (const callback of serverCallbacks) callback();
        },
        onAppended: backplane.onAppended,
        onError,
      }),
    );
    backplane.feed(log.follower);
    const auth = createAuth({
      ...stream,
      auth: secrets,
      http,
      ...databases,
      now: databases.databaseClock.now,
      onRevoked(userId) {
        hints.sendAccess(userId);
        const change = { userIds: [userId], contestIds: [] };
        log.publisher
          .publishInternal('ACCESS_CHANGED', change)
          .catch((error) => onError(error, 'revocations'));
      },
    });
    const termAt = (id: number) => log.follower.terms.termAt(id);
    return {
      ...databases,
      config,
      log,
      onServerChanged: (callback) => serverCallbacks.push(callback),
      hints,
      backplaneWarnings: backplane.warnings,
      auth,
      grants: auth.grants,
      callers: createCallers({ ...auth, addressOf: addressOf(http.trustProxy), bounds: http.bounds }),
      clock: createPlatformClock(config.platform.timeZone, databases.databaseClock.now),
      cursor: () => formatCursor(log.hub.settled, termAt(log.hub.settled)),
      historyIds: new OpaqueIds(keys.history),
      termAt,
      secret: secrets.secret,
      warn: (line) => logger.warn(line),
      onError,
      close: () => opened.closeAll(),
    };
  } catch (error) {
    await opened.closeAll();
    throw error;
  }
}
