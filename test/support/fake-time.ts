import { existsSync } from 'node:fs';

/** Where Debian and Ubuntu put the library. */
const LIBRARIES = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map(
  (name) => `/usr/lib/${name}/faketime/libfaketime.so.1`,
);

/** Whether a process can be given a wrong clock here: needs the package faketime. */
export const canFakeTime = LIBRARIES.some(existsSync);

/**
 * Environment of a process whose clock is wrong; the time that passes is right.
 * @param offset as faketime takes it: `+3h`, `+100d`
 */
export function wrongClock(offset: string): Record<string, string> {
  return {
    LD_PRELOAD: LIBRARIES.find(existsSync) ?? '',
    FAKETIME: offset,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}
