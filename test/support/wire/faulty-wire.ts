import { connectToDatabase, openHop, urlThrough } from './hop.ts';

/**
 * What happens to the next append: it goes through; the wire breaks before it reaches the database; as soon as it was
 * sent; or when it was committed, so that only the answer is lost.
 */
export type WireFault = 'none' | 'before' | 'during' | 'after';

export interface FaultyWire {
  readonly url: string;
  /** What happens to the next appends, one after the other; then `none`. */
  readonly faults: WireFault[];
  close(): Promise<void>;
}

/** A TCP hop before the database that breaks at chosen points of an append. `committed` waits until it has landed. */
export async function startFaultyWire(url: string, committed: () => Promise<void>): Promise<FaultyWire> {
  const faults: WireFault[] = [];
  const hop = await openHop((client) => {
    const database = connectToDatabase(url);
    const cut = () => {
      client.destroy();
      database.destroy();
    };
    /** What the database answered to an append whose answer is to be lost. */
    let heldBack: Buffer[] | undefined;
    client.on('data', (chunk) => {
      const fault = chunk.includes('START TRANSACTION') ? (faults.shift() ?? 'none') : 'none';
      if (fault === 'before') return cut();
      if (fault === 'after') heldBack = [];
      database.write(chunk, () => {
        if (fault === 'during') cut();
        if (fault !== 'after') return;
        const lost = heldBack;
        void committed().finally(() => {
          if (heldBack === lost) cut();
        });
      });
    });
    database.on('data', (chunk) => {
      heldBack?.push(chunk);
      const answer = heldBack ? Buffer.concat(heldBack) : chunk;
      if (heldBack && !isRefused(answer)) return;
      // Nothing was committed: the fault is that of the append that is sent instead.
      if (heldBack) faults.unshift('after');
      heldBack = undefined;
      client.write(answer);
    });
    return database;
  });
  return { url: urlThrough(hop, url), faults, close: hop.close };
}

/** Whether an answer of the database holds an error: a packet has a length of three bytes, a number, and its content. */
function isRefused(answer: Buffer): boolean {
  for (let at = 0; at + 4 < answer.length; at += 4 + answer.readUIntLE(at, 3))
    if (answer[at + 4] === 0xff) return true;
  return false;
}
