import { connect } from 'node:net';
import { openHop } from './hop.ts';

/** What a hop does with what the server sends. */
export type Distortion =
  | { readonly kind: 'none' }
  /** Nothing arrives any more, in either direction, and no connection is closed. */
  | { readonly kind: 'silence' }
  /** The server still receives; its answers are lost. */
  | { readonly kind: 'half-open' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** Bytes of something else come in between. */
  | { readonly kind: 'garbage' };

/** TCP hop before a server on this machine that distorts connections, also those that are open. */
export interface DistortingProxy {
  readonly port: number;
  distort(distortion: Distortion): void;
  close(): Promise<void>;
}

export async function startDistortingProxy(port: number): Promise<DistortingProxy> {
  let present: Distortion = { kind: 'none' };
  const hop = await openHop((client) => {
    const upstream = connect(port, '127.0.0.1');
    client.on('data', (chunk) => {
      if (present.kind !== 'silence') upstream.write(chunk);
    });
    // One after the other: a delay does not change the order.
    let sending = Promise.resolve();
    upstream.on('data', (chunk) => {
      const { kind } = present;
      if (kind === 'silence' || kind === 'half-open') return;
      if (kind === 'garbage') client.write('\u0000\u00ff!garbage\r\n');
      const until = performance.now() + (present.kind === 'delay' ? present.ms : 0);
      sending = sending.then(async () => {
        const ms = until - performance.now();
        if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
        if (!client.destroyed) client.write(chunk);
      });
    });
    return upstream;
  });
  return {
    port: hop.port,
    distort(distortion) {
      present = distortion;
    },
    close: hop.close,
  };
}
