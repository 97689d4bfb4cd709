import type { Socket } from 'node:net';
import type { Connection } from 'mysql2/promise';

/** How often a silent connection is checked within its limit. */
const CHECKS = 4;

/**
 * Resolves as `answer`, and rejects once the server has sent no byte for `maxMs` meanwhile. What has arrived and was not
 * read yet counts as sent: this process may have been busy or frozen itself. The statement may still be executed: drop
 * the connection.
 */
export async function whileServerSends<T>(
  connection: Connection,
  maxMs: number,
  answer: Promise<T>,
): Promise<T> {
  const { stream } = (connection as unknown as { connection: { readonly stream: Socket } }).connection;
  let received = stream.bytesRead;
  let receivedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const isSilent = () => {
    const now = performance.now();
    if (stream.bytesRead !== received) [received, receivedAt] = [stream.bytesRead, now];
    return now - receivedAt >= maxMs;
  };
  const silence = new Promise<never>((_, reject) => {
    const end = () =>
      isSilent() ? reject(new Error(`the database sent nothing for ${maxMs} ms`)) : schedule();
    const check = () => {
      // Timers run before sockets are read.
      if (isSilent()) setImmediate(end);
      else schedule();
    };
    const schedule = () => {
      timer = setTimeout(check, maxMs / CHECKS);
    };
    schedule();
  });
  silence.catch(() => {});
  try {
    return await Promise.race([answer, silence]);
  } finally {
    clearTimeout(timer);
  }
}
