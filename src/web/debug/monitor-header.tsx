import { useState } from 'react';
import { UserText } from '../../react/text/user-text.tsx';
import { formatMs, NONE } from '../shared/numbers.ts';
import { LatencyStrip } from './latency-strip.tsx';
import type { Monitor } from './use-monitor.ts';

export interface MonitorHeaderProps {
  readonly monitor: Monitor;
  /** Name of the viewer. */
  readonly title: string;
}

/** State, counts and latencies of the stream, with buttons to cut, hold, pause and clear. */
export function MonitorHeader({
  monitor: { session, recorder, recording, line },
  title,
}: MonitorHeaderProps) {
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

interface FigureProps {
  readonly label: string;
  readonly value: string;
  readonly unit?: string;
  readonly className?: string;
}

/** Large number with its label. */
function Figure({ label, value, unit, className = '' }: FigureProps) {
  return (
    <div className={`figure ${className}`}>
      <dt>{label}</dt>
      <dd>
        {value}
        {unit !== undefined && value !== NONE && <small> {unit}</small>}
      </dd>
    </div>
  );
}

/** Quantile of `sorted` by nearest rank, `share` in 0 … 1; undefined for no values. */
function quantile(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
