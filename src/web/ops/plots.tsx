import { useMemo, useState } from 'react';
import { draw, MEASURES, momentsUntil } from './measures.ts';
import { Plot } from './plot.tsx';
import { type Nodes, sampleAt } from './samples.ts';

export interface PlotsProps {
  readonly nodes: Nodes;
  /** Time of the newest sample, by the service's clock; undefined while there is none. */
  readonly newest: number | undefined;
}

/** Plots of all measures. A pointer on one shows the same moment on all. */
export function Plots({ nodes, newest }: PlotsProps) {
  const [pointed, setPointed] = useState<number>();
  const moments = useMemo(() => momentsUntil(newest ?? 0), [newest]);
  const drawn = useMemo(() => MEASURES.map((measure) => draw(measure, nodes, moments)), [nodes, moments]);
  const reporting = [...nodes.values()].filter((samples) => sampleAt(samples, newest ?? 0)).length;
  const moment = pointed === undefined ? undefined : moments[pointed];
  return (
    <section className="slab plots" aria-labelledby="plots">
      <h1 id="plots">{reporting === 1 ? 'One node' : `${reporting === 0 ? 'No' : reporting} nodes`}</h1>
      <p className="plots-when">
        {newest === undefined
          ? 'Nodes report every two seconds while this page is open.'
          : moment === undefined || moment === newest
            ? 'Now, and the last five minutes'
            : new Date(moment).toLocaleTimeString('en-GB')}
      </p>
      <div className="plot-grid-of">
        {MEASURES.map((measure, place) => {
          const lines = drawn[place];
          return (
            lines && (
              <Plot
                key={measure.name}
                measure={measure}
                drawn={lines}
                pointed={pointed}
                onPoint={setPointed}
              />
            )
          );
        })}
      </div>
    </section>
  );
}
