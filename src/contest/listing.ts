import type { ContestStatus } from '../protocol/enums.ts';

/** What lists of contests show of one: the state that was published last, or the platform's. */
export interface ContestListing {
  readonly title: string;
  readonly status: ContestStatus;
  /** ISO 8601 in UTC; null where the platform has none, or one that cannot be written so. */
  readonly startsAt: string | null;
  readonly endsAt: string | null;
  readonly isPublic: boolean;
  /** Ids of its problems, in their order. */
  readonly problems: readonly number[];
}

export const LISTING_FIELDS = ['title', 'status', 'startsAt', 'endsAt', 'isPublic', 'problems'] as const;
export type ListingField = (typeof LISTING_FIELDS)[number];

/** What is to be published of a contest, in order. */
export interface ListingChange {
  /** Fields that differ; empty where nothing is published to those who follow the contest. */
  readonly changed: readonly ListingField[];
  /** Whether the contest appears in everybody's list, or disappears from it. */
  readonly listed: 'added' | 'removed' | undefined;
}

/** Whether everybody signed in sees the contest in lists. */
export function isListed(listing: Pick<ContestListing, 'status' | 'isPublic'> | undefined): boolean {
  return listing?.isPublic === true && listing.status !== 'DRAFT';
}

/**
 * Compares the state of a contest with what was published.
 *
 * @param known undefined: nothing was published of it, since it is new
 * @param current undefined: the platform has deleted it
 */
export function listingChange(
  known: ContestListing | undefined,
  current: ContestListing | undefined,
): ListingChange {
  const was = isListed(known);
  const is = isListed(current);
  return {
    changed:
      known && current
        ? LISTING_FIELDS.filter((field) => JSON.stringify(known[field]) !== JSON.stringify(current[field]))
        : [],
    listed: was === is ? undefined : is ? 'added' : 'removed',
  };
}
