import type { Queries } from '../db/database.ts';
import { CLOSE_REASONS, type CloseReason } from '../protocol/control.ts';
import type { Streams } from '../stream/streams.ts';
import type { SessionWriter } from './session-writer.ts';

export interface SessionCommandsOptions {
  /** For requests. */
  readonly database: Pick<Queries, 'query' | 'execute'>;
  /** For `carryOut`. Default: `database`. */
  readonly background?: Pick<Queries, 'query' | 'execute'>;
  readonly streams: Streams;
  readonly writer: Pick<SessionWriter, 'markDirty'>;
  readonly nodeId: string;
  /** Observes that a command was written for a stream of another node. */
  readonly onCommand?: (nodeId: string) => void;
}

/** Commands to streams of any node. Stream ids are ASCII; callers refuse others. */
export interface SessionCommands {
  /**
   * Closes a stream: here at once, on another node with that node's next `carryOut`. A closed stream stays as it is.
   *
   * @param userId required owner; undefined: any
   * @returns whether there is such a session
   */
  disconnect(streamId: string, userId: number | undefined, reason: CloseReason): Promise<boolean>;
  /**
   * Extends a user's open stream to `expiresAt`. An expiry that is later already stays.
   *
   * @returns its expiry; undefined if the user has no such open stream
   */
  refresh(streamId: string, userId: number, expiresAt: Date): Promise<Date | undefined>;
  /** Carries out the commands that other nodes or SQL users wrote for this node's streams. One indexed query if none. */
  carryOut(): Promise<void>;
}

interface Command {
  readonly streamId: string;
  readonly closeRequested: string | null;
  readonly expiresAt: Date | null;
  readonly commandedAt: Date;
}

/** Max commands per call. */
const PAGE = 500;

/** SQL for the time of a command, unique per stream: a command is cleared only if it is the one that was carried out. */
const COMMANDED_AT =
  'GREATEST(UTC_TIMESTAMP(3), COALESCE(commanded_at + INTERVAL 1000 MICROSECOND, UTC_TIMESTAMP(3)))';

export function createSessionCommands(options: SessionCommandsOptions): SessionCommands {
  const { database, background = database, streams, writer, nodeId } = options;

  function apply({ streamId, closeRequested, expiresAt }: Command): void {
    const stream = streams.get(streamId);
    if (stream === undefined) return;
    if (closeRequested !== null) stream.close(isReason(closeRequested) ? closeRequested : 'disconnected');
    else if (expiresAt !== null && expiresAt > stream.expiresAt) stream.expiresAt = expiresAt;
  }

  return {
    async disconnect(streamId, userId, reason) {
      const local = streams.get(streamId);
      if (local !== undefined) {
        if (userId !== undefined && local.owner.userId !== userId) return false;
        local.close(reason);
        return true;
      }
      const [session] = await database.query<{ userId: number | null; nodeId: string; open: number }>(
        `SELECT user_id AS userId, node_id AS nodeId, disconnected_at IS NULL AS open
           FROM stream_session WHERE stream_id = ?`,
        [streamId],
      );
      if (session === undefined || (userId !== undefined && session.userId !== userId)) return false;
      if (!session.open) return true;
      // Sessions that SQL users registered have no node that would carry a command out.
      const change =
        session.nodeId === 'sql'
          ? 'disconnected_at = UTC_TIMESTAMP(3), close_reason = ?'
          : `commanded_at = ${COMMANDED_AT}, close_requested = ?`;
      await database.execute(
        `UPDATE stream_session SET ${change} WHERE stream_id = ? AND disconnected_at IS NULL`,
        [reason, streamId],
      );
      options.onCommand?.(session.nodeId);
      return true;
    },

    async refresh(streamId, userId, expiresAt) {
      const local = streams.get(streamId);
      if (local !== undefined) {
        if (local.owner.userId !== userId) return undefined;
        if (expiresAt > local.expiresAt) {
          local.expiresAt = expiresAt;
          writer.markDirty(local);
        }
        return local.expiresAt;
      }
      await database.execute(
        `UPDATE stream_session SET commanded_at = ${COMMANDED_AT}, expires_at = ?
          WHERE stream_id = ? AND user_id = ? AND disconnected_at IS NULL AND node_id <> 'sql' AND expires_at < ?`,
        [expiresAt, streamId, userId, expiresAt],
      );
      const [session] = await database.query<{ expiresAt: Date; nodeId: string }>(
        `SELECT expires_at AS expiresAt, node_id AS nodeId FROM stream_session
          WHERE stream_id = ? AND user_id = ? AND disconnected_at IS NULL AND expires_at IS NOT NULL`,
        [streamId, userId],
      );
      if (session) options.onCommand?.(session.nodeId);
      return session?.expiresAt;
    },

    async carryOut() {
      if (streams.size === 0) return;
      const commands = await background.query<Command>(
        `SELECT stream_id AS streamId, close_requested AS closeRequested, expires_at AS expiresAt,
                commanded_at AS commandedAt
           FROM stream_session WHERE node_id = ? AND commanded_at IS NOT NULL LIMIT ${PAGE}`,
        [nodeId],
      );
      // Clearing may fail half-way; applying a command twice changes nothing.
      for (const command of commands) apply(command);
      for (const { streamId, commandedAt } of commands) {
        await background.execute(
          'UPDATE stream_session SET commanded_at = NULL WHERE stream_id = ? AND commanded_at = ?',
          [streamId, commandedAt],
        );
      }
    },
  };
}

function isReason(text: string): text is CloseReason {
  return Object.hasOwn(CLOSE_REASONS, text);
}
