import { createRequire } from 'node:module';
import type { SendToAll } from '../channel/hub.ts';

/** The addon as it is loaded. `source`: SHA-256 of the file that it was built from. */
export interface NativeSend {
  readonly send: SendToAll;
  readonly source: string;
}

/**
 * Loads the addon that writes the same bytes to many sockets (`native/send.c`): a write through Node costs about 1.5 times as much,
 * since each passes through a stream's buffer and callbacks.
 *
 * @returns undefined where there is none for this platform, or it does not load: then each stream is written to by itself
 */
export function loadNativeSend(): NativeSend | undefined {
  try {
    return createRequire(import.meta.url)(`./native/${process.platform}-${process.arch}.node`) as NativeSend;
  } catch {
    return undefined;
  }
}
