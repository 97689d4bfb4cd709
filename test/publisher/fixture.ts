import { createPublisher, type Publisher, type PublisherOptions } from 'codecraft-live/publisher';
import type { PublishError } from '../../src/publisher/error.ts';
import { wholeLog } from '../support/database/log.ts';
import type { TestService } from '../support/service.ts';

export const QUICK = { minMs: 1, maxMs: 4 };

export interface TestPublisher {
  readonly publisher: Publisher;
  /** What was dropped. */
  readonly dropped: PublishError[];
}

/** A publisher to a service of the test, which repeats at once. */
export function publisherTo(live: TestService, options: Partial<PublisherOptions> = {}): TestPublisher {
  const dropped: PublishError[] = [];
  const publisher = createPublisher({
    url: live.url,
    token: live.serviceToken,
    backoff: QUICK,
    onError: (error) => dropped.push(error),
    onRetry: () => {},
    ...options,
  });
  return { publisher, dropped };
}

/** The titles of a player's own notifications, in the log's order. */
export async function titlesOf(live: TestService, playerId: number): Promise<string[]> {
  const rows = await wholeLog(live.test.database);
  return rows.filter((row) => row.scope === `player:${playerId}`).map((row) => row.title);
}

/** Announcements to one player, each with its number. */
export function notes(playerId: number, count: number, from = 0) {
  return Array.from({ length: count }, (_, index) => ({
    type: 'ANNOUNCEMENT' as const,
    data: { title: `n${from + index}`, message: 'm', playerId },
  }));
}

export const titles = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);
