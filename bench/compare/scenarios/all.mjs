import { ceiling } from './ceiling.mjs';
import { curves } from './curves.mjs';
import { inProcess } from './in-process.mjs';
import { others } from './others.mjs';
import { publish } from './publish.mjs';
import { stalledReplay } from './stalled-replay.mjs';
import { tenThousandStreams } from './ten-thousand-streams.mjs';
import { thousandStreams } from './thousand-streams.mjs';

/**
 * In the order of a round. A scenario has a `name` and `run(bench, record, point)`, runs in the first `maxRounds` rounds, and where
 * `inQuick` is false not in a quick run.
 */
export const SCENARIOS = [
  publish,
  inProcess,
  thousandStreams,
  tenThousandStreams,
  stalledReplay,
  others,
  ceiling,
  curves,
];
