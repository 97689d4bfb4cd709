import { useState } from 'react';
import { UserText } from '../../react/text/user-text.tsx';
import { Figure, NONE } from '../tools/figure.tsx';
import { formatMs, quantile } from '../tools/numbers.ts';
import { LatencyStrip } from './latency-strip.tsx';
import type { Tap } from './use-tap.ts';

export interface HeadProps {
  readonly tap: Tap;
  /** As whom. */
  readonly title: string;
}

/** Where the stream stands, how fast it is, and what can be done to it. */
export function Head({ tap: { session, recorder, recording, line }, title }: HeadProps) {
  const { frames, events, repeats, latencies, resumed, missed, cursor, paused } = recording;
  const [down, setDown] = useState(false);
  const sorted = latencies.toSorted((a, b) => a - b);
  const ms = (share: number) => {
    const value = quantile(sorted, share);
    return value === undefined ? NONE : formatMs(value);
  };
  const held = down && line.down;

  function hold(next: boolean): void {
    line.down = next;
    setDown(next);
    if (next) line.cut();
    else session?.client.reconnect();
  }

  return (
    <header className="slab">
      <h1>
        <UserText text={title} />
      </h1>
      <div className="slab-buttons">
        <button type="button" onClick={() => line.cut()} disabled={session === undefined || held}>
          Cut
        </button>
        <button
          type="button"
          aria-pressed={held}
          onClick={() => hold(!held)}
          disabled={session === undefined}
          title="Cut the connection and keep it from coming back"
        >
          Hold
        </button>
        <button type="button" aria-pressed={paused} onClick={() => recorder.pause(!paused)}>
          Pause
        </button>
        <button type="button" onClick={() => recorder.clear()}>
          Clear
        </button>
      </div>
      <dl className="figures">
        <Figure label="Cursor" value={cursor ?? NONE} className="figure-cursor" />
        <Figure label="Frames" value={frames.toLocaleString('en')} />
        <Figure label="Events" value={events.toLocaleString('en')} />
        <Figure label="Latency p50" value={ms(0.5)} unit="ms" />
        <Figure label="Latency p99" value={ms(0.99)} unit="ms" />
        <Figure
          label={resumed === 0 ? 'Resumed' : `Resumed, last after ${missed} missed`}
          value={`${resumed}×`}
        />
        <Figure label="Repeats dropped" value={String(repeats)} />
      </dl>
      <LatencyStrip latencies={latencies} />
    </header>
  );
}
