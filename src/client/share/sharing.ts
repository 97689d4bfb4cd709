import type { ConnectOptions, Locks, TabChannel } from '../types.ts';

/** Browser features that a shared connection needs. */
export interface Sharing {
  readonly locks: Locks;
  readonly openChannel: (name: string) => TabChannel;
  readonly pingMs: number;
}

const PING_MS = 2_000;

/** Resolves the `share` option. `undefined` if it is off, or the browser lacks locks (secure pages only) or channels. */
export function sharingOf(share: ConnectOptions['share']): Sharing | undefined {
  if (!share) return undefined;
  const wanted = share === true ? {} : share;
  const { navigator, BroadcastChannel } = globalThis as Partial<typeof globalThis>;
  const locks = wanted.locks ?? (navigator?.locks as Locks | undefined);
  const openChannel =
    wanted.openChannel ?? (BroadcastChannel && ((name: string) => new BroadcastChannel(name) as TabChannel));
  if (!locks || !openChannel) return undefined;
  return { locks, openChannel, pingMs: wanted.pingMs ?? PING_MS };
}
