import { useCallback, useEffect, useState } from 'react';
import { useEvents, useLive } from '../../react/index.ts';
import { type Contest, inOrder } from './contests.ts';

export interface Contests {
  /** `undefined` until they are read. */
  readonly contests: readonly Contest[] | undefined;
  readonly failed: boolean;
  readonly retry: () => void;
}

/** The contests the viewer may see. What changes is told by events; whatever they do not tell is read again. */
export function useContests(): Contests {
  const live = useLive();
  const [contests, setContests] = useState<readonly Contest[]>();
  const [failed, setFailed] = useState(false);

  const read = useCallback(async () => {
    if (live === undefined) return;
    try {
      const answer = await live.api.request<{ contests: readonly Contest[] }>('/contests');
      setContests(inOrder(answer.contests));
      setFailed(false);
    } catch {
      setFailed(true);
    }
  }, [live]);
  useEffect(() => void read(), [read]);

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

  return { contests, failed, retry: () => void read() };
}
