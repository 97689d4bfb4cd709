import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose_gc');

/** Collects all garbage at once. What a `WeakRef` was made of lives until the end of the turn. */
export const collectGarbage = runInNewContext('gc') as () => void;
