import { useCallback, useEffect, useState } from 'react';
import { useLive } from '../../react/index.ts';
import type { SessionPage } from './session.ts';

/** Read again so often while the page is looked at, in ms. */
const EVERY_MS = 3_000;
const PER_PAGE = 25;

export interface SessionQuery {
  readonly active: boolean;
  /** A player's id as it was typed; empty: everybody. */
  readonly player: string;
  /** `next` of the page before. */
  readonly cursor: string | undefined;
}

export interface Sessions {
  /** Undefined until they are read. */
  readonly page: SessionPage | undefined;
  /** Why they could not be read the last time; empty when they could. */
  readonly mistake: string;
  readonly readAgain: () => void;
}

/** A page of the streams on all nodes, kept up to date. */
export function useSessions({ active, player, cursor }: SessionQuery): Sessions {
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
