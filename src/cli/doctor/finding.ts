import { setTimeout as sleep } from 'node:timers/promises';
import { explain } from '../failure.ts';

/** One sentence about one thing. `note`: worth knowing, and nothing is wrong. */
export interface Finding {
  readonly level: 'good' | 'note' | 'wrong';
  readonly text: string;
}

export const good = (text: string): Finding => ({ level: 'good', text });
export const note = (text: string): Finding => ({ level: 'note', text });
export const wrong = (text: string): Finding => ({ level: 'wrong', text });

/**
 * Runs a check for at most `limitMs`. A check that fails or takes longer is itself a finding.
 *
 * @param name subject of the check, for the sentence
 */
export async function bounded(
  name: string,
  limitMs: number,
  check: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  const ending = new AbortController();
  const late = sleep(limitMs, undefined, { signal: ending.signal }).then(
    () => [wrong(`${name} could not be checked within ${limitMs / 1000} s.`)],
    () => [],
  );
  try {
    return await Promise.race([check(), late]);
  } catch (error) {
    return [wrong(explain(error))];
  } finally {
    ending.abort();
  }
}
