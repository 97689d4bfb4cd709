import { connectToDatabase, openHop, urlThrough } from '../wire/hop.ts';

/** A TCP hop before the database, so that a test can take the database away on either kind of server. */
export interface DatabaseProxy {
  /** The database's URL by way of this hop. */
  readonly url: string;
  /** Breaks every connection and refuses new ones. */
  cut(): Promise<void>;
  /** Lets nothing through any more, in either direction, and breaks nothing. */
  freeze(): void;
  /** Lets nothing more through on the next connection that sends this text, nor the text itself. Others go on. */
  freezeAt(text: string): void;
  /** New connections lead to another server. Those that are open go on, or fall silent. */
  redirect(url: string, open: 'go on' | 'fall silent'): void;
  /** Takes connections again; frozen ones go on. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

export async function startDatabaseProxy(url: string): Promise<DatabaseProxy> {
  let target = url;
  let frozen = false;
  let trap: string | undefined;

  const hop = await openHop((client) => {
    const upstream = connectToDatabase(target);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('data', (chunk) => {
        if (trap !== undefined && from === client && chunk.includes(trap)) {
          trap = undefined;
          for (const socket of [client, upstream]) socket.pause();
        } else to.write(chunk);
      });
      if (frozen) from.pause();
    }
    return upstream;
  });
  return {
    url: urlThrough(hop, url),
    cut: hop.close,
    freeze() {
      frozen = true;
      for (const socket of hop.sockets) socket.pause();
    },
    freezeAt(text) {
      trap = text;
    },
    redirect(to, open) {
      target = to;
      if (open === 'fall silent') for (const socket of hop.sockets) socket.pause();
    },
    async restore() {
      frozen = false;
      for (const socket of hop.sockets) socket.resume();
      await hop.reopen();
    },
    close: hop.close,
  };
}
