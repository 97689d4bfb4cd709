// Charts in `docs/`, from the points of a full run.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lineChart } from './svg.mjs';

const DOCS = join(import.meta.dirname, '../../docs');

/** Each chart by the name of its curve and file. */
const CHARTS = {
  deliveries: {
    title: 'Deliveries of one event to all streams, as fast as it goes',
    description: 'Deliveries a second against the number of open streams, 64 publishers.',
    x: 'open streams',
    y: 'deliveries/s',
  },
  latency: {
    title: 'Latency at a modest rate, 99th percentile',
    description:
      'Time from publishing to arrival against the number of open streams; at most 50,000 deliveries a second.',
    x: 'open streams',
    y: 'ms',
  },
  memory: {
    title: 'Memory',
    description:
      'Resident memory of the serving process against the number of open streams, after garbage collection.',
    x: 'open streams',
    y: 'MiB',
  },
  publishing: {
    title: 'Publishing over REST, one event a request',
    description: 'Events a second against the number of publishers, each of which waits for its answer.',
    x: 'publishers',
    y: 'events/s',
  },
  resume: {
    title: '1,000 streams resume at once',
    description: 'Time until all streams have caught up against the number of events that each has missed.',
    x: 'events missed by each stream',
    y: 'seconds',
  },
};

/** The charts that there are points for, as `[file name, SVG, title]`. */
export function chartsOf(points) {
  return Object.entries(CHARTS).flatMap(([curve, chart]) => {
    const series = new Map();
    for (const point of points.filter((one) => one.curve === curve)) {
      if (!series.has(point.contender)) series.set(point.contender, []);
      series.get(point.contender).push([point.x, point.y]);
    }
    if (series.size === 0) return [];
    const named = [...series].map(([name, of]) => ({
      name,
      points: of.sort(([one], [other]) => one - other),
    }));
    return [[`bench-${curve}.svg`, lineChart({ ...chart, series: named }), chart.title]];
  });
}

/** Writes the charts; returns the file name and the title of each. */
export function drawCurves({ curves }) {
  return chartsOf(curves).map(([file, svg, title]) => {
    writeFileSync(join(DOCS, file), svg);
    return [file, title];
  });
}
