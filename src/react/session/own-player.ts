import type { LiveClient } from '../../client/types.ts';

/** Player of the connection, as reported at the begin of each stream. */
export interface OwnPlayer {
  readonly id: number | undefined;
  subscribe(listener: () => void): () => void;
}

export function createOwnPlayer(client: Pick<LiveClient, 'on'>): OwnPlayer {
  const listeners = new Set<() => void>();
  let id: number | undefined;
  client.on('open', ({ scopes }) => {
    const own = scopes.find((scope) => scope.startsWith('player:'));
    const found = own === undefined ? undefined : Number(own.slice('player:'.length));
    if (found === id) return;
    id = found;
    for (const listener of listeners) listener();
  });
  return {
    get id() {
      return id;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
