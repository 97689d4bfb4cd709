const BARS = 120;
const HEIGHT = 28;
/** Below this, a bar is still to be seen. */
const LEAST = 1.5;
/** The scale reaches at least so far, in ms: quick is not made to look slow. */
const LEAST_SCALE_MS = 20;

/** How long each of the newest live events took, the newest on the right. In ms. */
export function LatencyStrip({ latencies }: { readonly latencies: readonly number[] }) {
  const shown = latencies.slice(-BARS);
  const most = Math.max(LEAST_SCALE_MS, ...shown);
  return (
    <figure className="strip">
      <svg viewBox={`0 0 ${BARS} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {shown.map((latency, index) => {
          const height = Math.max(LEAST, (latency / most) * HEIGHT);
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
