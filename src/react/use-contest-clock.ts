import { useCallback, useSyncExternalStore } from 'react';
import { useSession } from './session/context.ts';

export interface ContestTimes {
  /** ISO 8601 in UTC; null while undecided. */
  readonly startsAt: string | null;
  readonly endsAt: string | null;
}

export interface ContestClock {
  readonly phase: 'before' | 'running' | 'over' | 'unknown';
  /** Whole seconds to the start, or to the end while it runs; undefined without such a time. */
  readonly secondsLeft: number | undefined;
  /** Elapsed part of the contest, 0 … 1. */
  readonly progress: number;
}

/**
 * Countdown of a contest by the service's clock. Renders once per second. The phase is `unknown` on a server and until the
 * provider is mounted.
 */
export function useContestClock({ startsAt, endsAt }: ContestTimes): ContestClock {
  const second = useServerSecond();
  if (second === undefined) return { phase: 'unknown', secondsLeft: undefined, progress: 0 };
  const start = seconds(startsAt);
  const end = seconds(endsAt);
  if (start !== undefined && second < start)
    return { phase: 'before', secondsLeft: start - second, progress: 0 };
  if (end !== undefined && second >= end) return { phase: 'over', secondsLeft: undefined, progress: 1 };
  const known = start !== undefined && end !== undefined && end > start;
  return {
    phase: 'running',
    secondsLeft: end === undefined ? undefined : end - second,
    progress: known ? (second - start) / (end - start) : 0,
  };
}

/** The service's time in whole seconds since 1970, updated on each full second. */
export function useServerSecond(): number | undefined {
  const client = useSession()?.client;
  return useSyncExternalStore(
    useCallback(
      (changed) => {
        if (client === undefined) return () => {};
        let timer: ReturnType<typeof setTimeout>;
        const wait = () => {
          timer = setTimeout(
            () => {
              changed();
              wait();
            },
            1_000 - (client.serverNow() % 1_000),
          );
        };
        wait();
        return () => clearTimeout(timer);
      },
      [client],
    ),
    () => (client === undefined ? undefined : Math.floor(client.serverNow() / 1_000)),
    () => undefined,
  );
}

/** Seconds since 1970, rounded up: a countdown reaches 0 at the moment, not before. */
function seconds(iso: string | null): number | undefined {
  return iso === null ? undefined : Math.ceil(Date.parse(iso) / 1_000);
}
