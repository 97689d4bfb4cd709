import { useCallback, useEffect, useState } from 'react';
import type { SessionPage } from '../../protocol/api/session.ts';
import { useLive } from '../../react/index.ts';

/** Poll interval while the page is visible, in ms. */
const EVERY_MS = 3_000;
const PER_PAGE = 25;

export interface SessionFilter {
  readonly active: boolean;
  /** A player's id as typed; empty: all players. */
  readonly player: string;
  /** `next` of the previous page. */
  readonly cursor: string | undefined;
}

export interface SessionPoll {
  /** Undefined until the first answer. */
  readonly page: SessionPage | undefined;
  /** Error of the last request; empty after a success. */
  readonly mistake: string;
  readonly readAgain: () => void;
}

/** Polls a page of the streams on all nodes. */
export function useSessions({ active, player, cursor }: SessionFilter): SessionPoll {
  const live = useLive();
  const [page, setPage] = useState<SessionPage>();
  const [mistake, setMistake] = useState('');

  const read = useCallback(
    async (signal?: AbortSignal) => {
      if (live === undefined) return;
      try {
        const query = { active, limit: PER_PAGE, player: player || undefined, cursor };
        const found = await live.api.request<SessionPage>('/sessions', {
          query,
          ...(signal ? { signal } : {}),
        });
        if (signal?.aborted) return;
        setPage(found);
        setMistake('');
      } catch (error) {
        if (!signal?.aborted) setMistake((error as Error).message);
      }
    },
    [live, active, player, cursor],
  );

  useEffect(() => {
    const asked = new AbortController();
    void read(asked.signal);
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void read(asked.signal);
    }, EVERY_MS);
    return () => {
      asked.abort();
      clearInterval(timer);
    };
  }, [read]);

  return { page, mistake, readAgain: () => void read() };
}
