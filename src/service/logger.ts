import { writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from '../config/config.ts';

/** Max attempts to write a line while its reader lags, 10 ms apart. */
const ATTEMPTS = 50;

/**
 * Creates the logger: readable lines in development, otherwise JSON.
 * @param write as of `createOutput`; left out: to the standard output
 */
export function createLogger(
  config: Pick<Config, 'mode' | 'log'>,
  write: Parameters<typeof createOutput>[0] = (bytes) => writeSync(process.stdout.fd, bytes),
): Logger {
  const options = { level: config.log.level, base: null };
  const output = createOutput(write);
  if (config.mode !== 'development') return pino(options, output);
  return pino(
    options,
    pretty({ sync: true, translateTime: 'SYS:HH:MM:ss', singleLine: true, destination: output }),
  );
}

/**
 * Destination of log lines. A line that cannot be written is dropped. pino's own destination ends the process, or keeps
 * it from ending, when the terminal is gone or the disk is full.
 *
 * @param write writes synchronously; returns the number of bytes written
 */
export function createOutput(write: (bytes: Uint8Array) => number): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      let rest: Uint8Array = chunk;
      for (let attempts = 0; rest.length > 0 && attempts < ATTEMPTS; ) {
        try {
          rest = rest.subarray(write(rest));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') break;
          attempts++;
          Atomics.wait(PAUSE, 0, 0, 10);
        }
      }
      done();
    },
  });
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4));
