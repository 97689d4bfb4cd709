// The command line of `npm run bench`.
import { parseArgs } from 'node:util';

/**
 * Durations of measurements, s, and that of publishing before them: in its first seconds a process under Node mostly compiles, and
 * an event costs twice what it costs later. At rest, streams are measured for a whole interval of their keepalives.
 */
export const DURATIONS = {
  full: { warmUpS: 6, publishS: 2, pacedS: 3, stalledS: 6, idleS: 15 },
  quick: { warmUpS: 2, publishS: 1, pacedS: 2, stalledS: 4, idleS: 15 },
};
const ROUNDS = 5;

/**
 * @param names of all scenarios
 * @returns `quick`, `rounds`, `scenarios` (names), `complete`: whether the results are those of a full run, and `stores`:
 *   whether they are stored
 * @throws on options and scenarios that there are not
 */
export function readOptions(given, names) {
  const { values } = parseArgs({
    args: given,
    options: {
      quick: { type: 'boolean' },
      rounds: { type: 'string' },
      only: { type: 'string' },
      store: { type: 'boolean' },
    },
  });
  const scenarios = values.only?.split(',') ?? names;
  const unknown = scenarios.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`${unknown} is no scenario: ${names.join(', ')}`);
  const quick = values.quick ?? false;
  const rounds = Number(values.rounds ?? (quick ? 1 : ROUNDS));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a number from 1');
  const complete = !quick && scenarios.length === names.length;
  return { quick, rounds, scenarios, complete, stores: complete || (!quick && values.store === true) };
}
