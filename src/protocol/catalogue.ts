import { CONTEST_EVENTS } from './event-types/contest-events.ts';
import { JUDGING_EVENTS } from './event-types/judging-events.ts';
import { LISTING_EVENTS } from './event-types/listing-events.ts';
import { PLAYER_EVENTS } from './event-types/player-events.ts';
import { REVEAL_EVENTS } from './event-types/reveal-events.ts';
import { SERVICE_EVENTS } from './event-types/service-events.ts';

/**
 * Every type of event: its data, its scopes, and its title and message in each.
 * Adding a type is adding one entry; its SSE name follows from its type (`LEVEL_UP` → `level-up`).
 */
export const CATALOGUE = {
  ...PLAYER_EVENTS,
  ...JUDGING_EVENTS,
  ...CONTEST_EVENTS,
  ...LISTING_EVENTS,
  ...REVEAL_EVENTS,
  ...SERVICE_EVENTS,
} as const;
