import type { LiveClient, ScopeInput } from '../../client/types.ts';
import { createInboxStore, type InboxStore } from './inbox-store.ts';
import { createOwnPlayer, type OwnPlayer } from './own-player.ts';
import { createScopeNeeds, type ScopeNeeds } from './scope-needs.ts';
import { createSharedBoards, type SharedBoards } from './shared-boards.ts';

/** What the hooks under one provider share. */
export interface Session {
  readonly client: LiveClient;
  readonly needs: ScopeNeeds;
  readonly boards: SharedBoards;
  readonly inbox: InboxStore;
  readonly own: OwnPlayer;
}

export function createSession(client: LiveClient, always: readonly ScopeInput[]): Session {
  const needs = createScopeNeeds(client, always);
  return {
    client,
    needs,
    boards: createSharedBoards(client, needs),
    inbox: createInboxStore(client),
    own: createOwnPlayer(client),
  };
}
