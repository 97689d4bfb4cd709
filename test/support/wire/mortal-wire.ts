import { connectToDatabase, openHop, urlThrough } from './hop.ts';

/** A way to the database that ends for good, as that of a process that is killed does. */
export interface MortalWire {
  readonly url: string;
  /** Whether it has ended. */
  readonly dead: boolean;
  close(): Promise<void>;
}

/**
 * A TCP hop before the database that lets so many commands through and dies at the next: before it reaches the database,
 * as soon as it was sent, or when it was answered and the answer did not arrive. From then on nothing gets through.
 */
export async function startMortalWire(
  url: string,
  commands: number,
  end: 'before' | 'during' | 'after',
): Promise<MortalWire> {
  let left = commands;
  let dead = false;
  const die = () => {
    dead = true;
    hop.cut();
  };
  const hop = await openHop((client) => {
    if (dead) {
      client.destroy();
      return undefined;
    }
    const database = connectToDatabase(url);
    let last = false;
    client.on('data', (chunk) => {
      if (dead) return;
      last = left-- <= 0;
      if (last && end === 'before') return die();
      database.write(chunk, () => {
        if (last && end === 'during') die();
      });
    });
    database.on('data', (chunk) => {
      if (last) die();
      else client.write(chunk);
    });
    return database;
  });
  return {
    url: urlThrough(hop, url),
    get dead() {
      return dead;
    },
    async close() {
      die();
      await hop.close();
    },
  };
}
