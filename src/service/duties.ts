import { setTimeout as sleep } from 'node:timers/promises';

/** A piece of work that is done again and again. */
export interface Duty {
  readonly name: string;
  /** From the end of one round to the next, in ms. */
  readonly everyMs: number;
  run(signal: AbortSignal): Promise<unknown>;
}

/** Does each duty on its own beat until the signal ends. A round that fails is told of, and the next comes all the same. */
export async function doDuties(
  duties: readonly Duty[],
  signal: AbortSignal,
  onError: (error: unknown, duty: string) => void,
): Promise<void> {
  await Promise.all(
    duties.map(async (duty) => {
      while (!signal.aborted) {
        try {
          await duty.run(signal);
        } catch (error) {
          if (!signal.aborted) onError(error, duty.name);
        }
        await sleep(duty.everyMs, undefined, { signal }).catch(() => {});
      }
    }),
  );
}
