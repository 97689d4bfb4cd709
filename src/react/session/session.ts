import type { LiveClient, ScopeInput } from '../../client/types.ts';
import { createInboxStore, type InboxStore } from './inbox-store.ts';
import { createOwnPlayer, type OwnPlayer } from './own-player.ts';
import { createScopeNeeds, type ScopeNeeds } from './scope-needs.ts';
import { createSharedLeaderboards, type SharedLeaderboards } from './shared-leaderboards.ts';

/** State shared by the hooks under one provider. */
export interface LiveSession {
  readonly client: LiveClient;
  readonly needs: ScopeNeeds;
  readonly leaderboards: SharedLeaderboards;
  readonly inbox: InboxStore;
  readonly own: OwnPlayer;
}

export function createSession(client: LiveClient, always: readonly ScopeInput[]): LiveSession {
  const needs = createScopeNeeds(client, always);
  return {
    client,
    needs,
    leaderboards: createSharedLeaderboards(client, needs),
    inbox: createInboxStore(client),
    own: createOwnPlayer(client),
  };
}
