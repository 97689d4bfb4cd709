import type { Socket } from 'node:net';
import type { Connection } from 'mysql2/promise';
import { whileServerSends } from './silence.ts';

/** Silence of a client after which MySQL ends its session, and with it the locks that the session holds, in s. */
export const SILENCE_S = 3;
/** Interval of pings on a connection that is not in use, in ms. */
const PING_MS = 1_000;
/** Max wait for the answer to a ping, after which the connection is broken, in ms. */
const ANSWER_MS = 2_000;

/** Internals of mysql2 that this needs. */
interface Core {
  readonly stream: Socket;
  readonly _command: unknown;
  readonly _commands: { readonly length: number };
  readonly _closing?: boolean;
  emit(event: 'end'): void;
}

/**
 * Keeps a connection open that is not in use, on servers that end sessions after a short silence (`wait_timeout`). A process
 * that is frozen or cut off sends no pings. A connection that does not answer one is broken with an error, which ends what
 * waits behind the ping. A statement is sent, since a proxy may answer COM_PING itself.
 */
export function keepAlive(connection: Connection): void {
  const core = (connection as unknown as { connection: Core }).connection;
  const timer = setInterval(() => {
    if (core._closing || core.stream.destroyed) return clearInterval(timer);
    if (core._command || core._commands.length > 0) return;
    whileServerSends(connection, ANSWER_MS, connection.query('DO 0')).catch(() =>
      breakConnection(connection, noAnswer()),
    );
  }, PING_MS).unref();
}

/** Calls the listener once the connection's socket is closed, by either side. */
export function onceClosed(connection: Connection, listener: () => void): void {
  (connection as unknown as { connection: Core }).connection.stream.once('close', listener);
}

/** Breaks a connection: what is under way on it fails with this error, and it emits `end`. */
export function breakConnection(connection: Connection, error: Error): void {
  const core = (connection as unknown as { connection: Core }).connection;
  core.stream.destroy(error);
  // mysql2 reports an error to the statement under way alone, and not to who keeps the connection.
  core.emit('end');
}

function noAnswer(): Error {
  return Object.assign(new Error('The database did not answer a ping.'), { code: 'ETIMEDOUT' });
}
