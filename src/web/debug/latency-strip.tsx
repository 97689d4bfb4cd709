const BARS = 120;
const HEIGHT = 28;
/** Min height of a visible bar. */
const MIN_HEIGHT = 1.5;
/** Min end of the scale, in ms, so that short latencies look short. */
const MIN_SCALE_MS = 20;

/** Bar chart of the latencies of the newest live events, in ms, the newest on the right. */
export function LatencyStrip({ latencies }: { readonly latencies: readonly number[] }) {
  const shown = latencies.slice(-BARS);
  const most = Math.max(MIN_SCALE_MS, ...shown);
  return (
    <figure className="strip">
      <svg viewBox={`0 0 ${BARS} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {shown.map((latency, index) => {
          const height = Math.max(MIN_HEIGHT, (latency / most) * HEIGHT);
          const bar = BARS - shown.length + index;
          return <rect key={bar} x={bar + 0.2} y={HEIGHT - height} width={0.6} height={height} />;
        })}
      </svg>
      <figcaption>
        <span>
          {shown.length === 0 ? 'Latency of each live event, once there are some' : 'Latency per event'}
        </span>
        <span>{shown.length === 0 ? '' : `up to ${Math.round(most)} ms`}</span>
      </figcaption>
    </figure>
  );
}
