import { writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from '../config/config.ts';

/** How often a line is tried while its reader does not keep up, 10 ms apart. */
const ATTEMPTS = 50;

/** Lines for people while developing, JSON for machines otherwise. */
export function createLogger(config: Pick<Config, 'mode' | 'log'>): Logger {
  const options = { level: config.log.level, base: null };
  const output = createOutput((bytes) => writeSync(process.stdout.fd, bytes));
  if (config.mode !== 'development') return pino(options, output);
  return pino(
    options,
    pretty({ sync: true, translateTime: 'SYS:HH:MM:ss', singleLine: true, destination: output }),
  );
}

/**
 * Where lines are logged to. A line that cannot be written is lost, and the service goes on: pino's own destination
 * ends the process, or keeps it from ending, when its terminal is gone or the disk is full.
 *
 * @param write writes synchronously, and says how many bytes
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
