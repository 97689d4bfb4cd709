import { useCallback, useSyncExternalStore } from 'react';
import { useSession } from './session/context.ts';

export interface ContestTimes {
  /** ISO 8601 in UTC; null: not fixed. */
  readonly startsAt: string | null;
  readonly endsAt: string | null;
}

export interface ContestClock {
  readonly phase: 'before' | 'running' | 'over' | 'unknown';
  /** Whole seconds to the start, or to the end once it runs; undefined where there is nothing to wait for. */
  readonly secondsLeft: number | undefined;
  /** How much of the contest is over, 0 … 1. */
  readonly progress: number;
}

/**
 * Counts a contest down by the service's clock, not by this machine's. Draws once a second. On a server, and until the
 * provider is mounted, the phase is `unknown`.
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

/** The service's time in whole seconds since 1970; it changes as the second does. */
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

/** Rounded up: a countdown says 0 when the moment is there, not before. */
function seconds(iso: string | null): number | undefined {
  return iso === null ? undefined : Math.ceil(Date.parse(iso) / 1_000);
}
