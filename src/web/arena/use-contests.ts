import { useCallback, useEffect, useRef, useState } from 'react';
import { LiveError } from '../../client/live-error.ts';
import type { LiveClient } from '../../client/types.ts';
import { useEvents, useLive } from '../../react/index.ts';
import { type Contest, inOrder } from './contests.ts';

export interface Contests {
  /** `undefined` until they are read. */
  readonly contests: readonly Contest[] | undefined;
  readonly failed: boolean;
  /** The wanted contest, where the service says that there is none for the viewer. */
  readonly missing: number | undefined;
  readonly retry: () => void;
}

/** Max contests of one answer, and max answers that are read: 2,000 contests that are on or still to come. */
const PAGE = 100;
const MAX_PAGES = 20;
/** Max contests that are over. */
const PAST = 50;

/**
 * The contests the viewer may see: all that are on or to come, the latest of those that are over, and the wanted one,
 * whichever it is. What changes is delivered by events; whatever they do not say is read again.
 */
export function useContests(wanted: number | undefined): Contests {
  const live = useLive();
  const [contests, setContests] = useState<readonly Contest[]>();
  const [failed, setFailed] = useState(false);
  const [missing, setMissing] = useState<number>();
  const latest = useRef(0);

  const read = useCallback(async () => {
    if (live === undefined) return;
    const turn = ++latest.current;
    try {
      const found = await readAll(live, wanted);
      if (turn !== latest.current) return;
      setContests(inOrder(found.contests));
      setMissing(found.missing);
      setFailed(false);
    } catch {
      if (turn === latest.current) setFailed(true);
    }
  }, [live, wanted]);
  const isThere = wanted === undefined || contests?.some(({ id }) => id === wanted) === true;
  const incomplete = contests === undefined || !isThere;
  useEffect(() => {
    if (incomplete) void read();
  }, [read, incomplete]);

  const change = (id: number, part: Partial<Contest>) =>
    setContests(
      (known) =>
        known && inOrder(known.map((contest) => (contest.id === id ? { ...contest, ...part } : contest))),
    );
  useEvents('contest-status', ({ data }) => {
    change(data.contestId, { status: data.newStatus });
    void read();
  });
  useEvents('contest-end', ({ data }) => change(data.contestId, { status: 'ENDED' }));
  useEvents('leaderboard-freeze', ({ data }) => change(data.contestId, { frozen: data.frozen }));
  useEvents('contest-joined', ({ data }) => {
    if (data.participantCount !== undefined)
      change(data.contestId, { participantCount: data.participantCount });
  });
  useEvents('reset', () => void read());
  // Whatever it failed of may be over.
  useEvents('open', () => {
    if (failed) void read();
  });

  return { contests, failed, missing, retry: () => void read() };
}

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
      limit: PAGE,
      ...(before === undefined ? {} : { before }),
    });
    contests.push(...current.contests);
    if (current.next === null) break;
    before = current.next;
  }
  contests.push(...(await api.contests({ status: ['ENDED', 'DRAFT', 'CANCELLED'], limit: PAST })).contests);
  if (wanted === undefined || contests.some(({ id }) => id === wanted))
    return { contests, missing: undefined };
  try {
    return { contests: [...contests, await api.contest(wanted)], missing: undefined };
  } catch (error) {
    if (error instanceof LiveError && error.code === 'not-found') return { contests, missing: wanted };
    throw error;
  }
}
