import { useCallback, useEffect, useRef, useState } from 'react';
import type { Contest } from '../../client/api-types.ts';
import { LiveError } from '../../client/live-error.ts';
import { type ReconnectBounds, reconnectDelay } from '../../client/reconnect-delay.ts';
import type { LiveClient } from '../../client/types.ts';
import { useEvents, useLive } from '../../react/index.ts';
import { sortContests } from '../shared/contest-order.ts';

export interface Contests {
  /** `undefined` until the first answer. */
  readonly contests: readonly Contest[] | undefined;
  readonly failed: boolean;
  /** The wanted contest, where the service answers that it does not exist for the viewer. */
  readonly missing: number | undefined;
  readonly retry: () => void;
}

/** Max contests per request, and max requests: 2,000 live or upcoming contests. */
const PAGE_SIZE = 100;
const MAX_PAGES = 20;
/** Max ended contests. */
const MAX_ENDED = 50;
/** Delays before a failed reading is repeated. */
const BACKOFF: ReconnectBounds = { firstMs: 1_000, mostMs: 30_000 };
/** Window over which reads after an event are spread, ms: all pages receive it at the same moment. */
const SPREAD_MS = 2_000;

/**
 * Contests that the viewer may see: all live and upcoming ones, the latest ended ones, and the wanted one. Follows events,
 * and reads the list again where an event does not contain the change.
 */
export function useContests(wanted: number | undefined): Contests {
  const live = useLive();
  const [contests, setContests] = useState<readonly Contest[]>();
  const [failures, setFailures] = useState(0);
  const [missing, setMissing] = useState<number>();
  const latest = useRef(0);

  const read = useCallback(async () => {
    if (live === undefined) return;
    const turn = ++latest.current;
    try {
      const found = await readAll(live, wanted);
      if (turn !== latest.current) return;
      setContests(sortContests(found.contests));
      setMissing(found.missing);
      setFailures(0);
    } catch {
      if (turn === latest.current) setFailures((count) => count + 1);
    }
  }, [live, wanted]);
  const failed = failures > 0;
  useEffect(() => {
    if (failures === 0) return;
    const wait = reconnectDelay({ failures, reason: undefined, askedMs: undefined }, BACKOFF, Math.random);
    const timer = setTimeout(() => void read(), wait);
    return () => clearTimeout(timer);
  }, [read, failures]);
  const [outdated, setOutdated] = useState(false);
  useEffect(() => {
    if (!outdated) return;
    const timer = setTimeout(() => {
      setOutdated(false);
      void read();
    }, Math.random() * SPREAD_MS);
    return () => clearTimeout(timer);
  }, [read, outdated]);
  const isThere = wanted === undefined || contests?.some(({ id }) => id === wanted) === true;
  const incomplete = contests === undefined || !isThere;
  useEffect(() => {
    if (incomplete) void read();
  }, [read, incomplete]);

  const change = (id: number, part: Partial<Contest>) =>
    setContests(
      (known) =>
        known &&
        sortContests(known.map((contest) => (contest.id === id ? { ...contest, ...part } : contest))),
    );
  useEvents('contest-status', ({ data }) => {
    change(data.contestId, { status: data.newStatus });
    setOutdated(true);
  });
  useEvents('contest-end', ({ data }) => change(data.contestId, { status: 'ENDED' }));
  useEvents('leaderboard-freeze', ({ data }) => change(data.contestId, { frozen: data.frozen }));
  useEvents('contest-joined', ({ data }) => {
    if (data.participantCount !== undefined)
      change(data.contestId, { participantCount: data.participantCount });
  });
  useEvents('reset', () => void read());
  // A new stream suggests that the cause of the failure is gone.
  useEvents('open', () => {
    if (failed) void read();
  });

  return { contests, failed, missing, retry: () => void read() };
}

/** Codes by which the service answers that there is no such contest; the second where the id is too large for one. */
const MISSING: ReadonlySet<string> = new Set(['not-found', 'invalid-id']);

interface Found {
  readonly contests: readonly Contest[];
  readonly missing: number | undefined;
}

async function readAll({ api }: LiveClient, wanted: number | undefined): Promise<Found> {
  const contests: Contest[] = [];
  let before: number | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const current = await api.contests({
      status: ['LIVE', 'UPCOMING'],
      limit: PAGE_SIZE,
      ...(before === undefined ? {} : { before }),
    });
    contests.push(...current.contests);
    if (current.next === null) break;
    before = current.next;
  }
  contests.push(
    ...(await api.contests({ status: ['ENDED', 'DRAFT', 'CANCELLED'], limit: MAX_ENDED })).contests,
  );
  if (wanted === undefined || contests.some(({ id }) => id === wanted))
    return { contests, missing: undefined };
  try {
    return { contests: [...contests, await api.contest(wanted)], missing: undefined };
  } catch (error) {
    if (error instanceof LiveError && MISSING.has(error.code)) return { contests, missing: wanted };
    throw error;
  }
}
