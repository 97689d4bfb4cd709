import { connect, type Socket } from 'node:net';
import { openHop } from './hop.ts';

export interface CuttingProxy {
  readonly url: string;
  readonly cuts: () => number;
  /** Breaks all present connections. */
  cut(): void;
  /** From now on present connections stay open and carry no answers any more. Those that come later do. */
  silence(): void;
  close(): Promise<void>;
}

/** A hop that breaks each connection after a number of answered bytes, wherever in a frame that is. */
export async function startCuttingProxy(
  target: string,
  nextCut: () => number | undefined,
): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target);
  const upstreams = new Set<Socket>();
  let cuts = 0;
  const hop = await openHop((client) => {
    const upstream = connect(Number(port), hostname);
    let left = nextCut() ?? Number.POSITIVE_INFINITY;
    upstreams.add(upstream);
    upstream.on('close', () => upstreams.delete(upstream));
    client.pipe(upstream);
    upstream.on('data', (chunk) => {
      if (chunk.length < left) {
        left -= chunk.length;
        client.write(chunk);
        return;
      }
      cuts++;
      const part = chunk.subarray(0, left);
      left = 0;
      upstream.destroy();
      client.end(part, () => client.destroy());
    });
    return upstream;
  });
  return {
    url: `http://127.0.0.1:${hop.port}`,
    cuts: () => cuts,
    cut: hop.cut,
    silence() {
      for (const upstream of upstreams) upstream.pause();
    },
    close: hop.close,
  };
}
