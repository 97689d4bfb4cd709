// Each target: what is measured of the service, the peer that it is divided by, and the bound.

const PUBLISH = 'publish, 64 connections';
const PUBLISH_ONE = 'publish, 1 connection';
const PACED = ['1,000 streams, 20 events/s', '10,000 streams, 5 events/s', '10,000 streams, 10 events/s'];

/** `by`: the peer; without one the value itself is compared. `less`: the peer's value is subtracted. Without a bound it is shown alone. */
export const TARGETS = [
  { title: PUBLISH, metric: 'perSecond', by: 'bare', atLeast: 0.5, unit: 'events/s' },
  { title: PUBLISH, metric: 'cpuUs', label: 'CPU an event', by: 'bare', unit: 'µs' },
  { title: PUBLISH_ONE, metric: 'p50', atMost: 1.2, unit: 'ms' },
  { title: PUBLISH_ONE, metric: 'cpuMs', label: 'CPU an event', atMost: 0.5, unit: 'ms' },
  { title: 'publish, batches of 1,000', metric: 'perSecond', atLeast: 40_000, unit: 'rows/s' },
  { title: 'publish in process, 1,000 publishers', metric: 'perSecond', atLeast: 50_000, unit: 'events/s' },
  { title: 'opening 10,000 streams', metric: 'perSecond', by: 'bare', atLeast: 0.45, unit: 'streams/s' },
  { title: 'opening 10,000 streams', metric: 'cpuMs', label: 'CPU each', by: 'bare', unit: 'ms' },
  ...PACED.flatMap((title) => [
    { title, metric: 'cpuUs', label: 'CPU a delivery', by: 'nchan', atMost: 1.1, unit: 'µs' },
    { title, metric: 'p50', by: 'nchan', atMost: 1, unit: 'ms' },
    { title, metric: 'p99', by: 'nchan', atMost: 1, unit: 'ms' },
  ]),
  { title: '1,000 streams, saturated', metric: 'perSecond', by: 'nchan', atLeast: 50, unit: 'deliveries/s' },
  {
    title: '1,000 streams, saturated',
    metric: 'publishedPart',
    label: 'publishing, part of without streams',
    atLeast: 0.5,
    unit: '',
  },
  {
    title: '10,000 streams, saturated',
    metric: 'perSecond',
    by: 'nchan',
    atLeast: 100,
    unit: 'deliveries/s',
  },
  {
    title: '10,000 streams, saturated',
    metric: 'behindP50',
    label: 'p50 behind the answer',
    atMost: 1_000,
    unit: 'ms',
  },
  { title: '10,000 streams reconnect at once', metric: 'seconds', atMost: 5, unit: 's' },
  {
    title: '10,000 idle streams',
    metric: 'kibPerStream',
    label: 'memory',
    less: 'bare',
    atMost: 2,
    unit: 'KiB',
  },
  { title: '10,000 idle streams', metric: 'cpuPercent', label: 'CPU', atMost: 2, unit: '%' },
  {
    title: '10,000 idle streams',
    metric: 'restPercent',
    label: 'CPU of the service without streams',
    unit: '%',
  },
  { title: '10,000 idle streams', metric: 'writesPerSecond', label: 'writes', atMost: 1, unit: '/s' },
  {
    title: '100 of 1,000 readers stalled',
    metric: 'p99Ratio',
    label: "others' p99, × without",
    atMost: 1.2,
    unit: '',
  },
  { title: '100 of 1,000 readers stalled', metric: 'moreMiB', label: 'more memory', unit: 'MiB' },
  {
    title: '100 readers stall during the replay',
    metric: 'left',
    label: 'still open 10 s after the limit',
    atMost: 0,
    unit: '',
  },
  { title: '100 readers stall during the replay', metric: 'moreMiB', label: 'more memory', unit: 'MiB' },
];
