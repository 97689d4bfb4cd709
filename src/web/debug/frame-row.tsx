import { memo } from 'react';
import { withoutBidiControls } from '../../react/text/bidi.ts';
import { formatClock, formatMs } from '../shared/numbers.ts';
import { type RecordedEntry, visibleControls } from './recorded-entry.ts';

export interface FrameRowProps {
  readonly entry: RecordedEntry;
  readonly chosen: boolean;
  readonly onChoose: (entry: RecordedEntry) => void;
}

/** Row of an entry. Memoised: there are many, and a complete one never changes. */
export const FrameRow = memo(function FrameRow({ entry, chosen, onChoose }: FrameRowProps) {
  const { number, at, frame, notification, latencyMs, kind, summary } = entry;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the focus and handles the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus
    <div
      id={`entry-${number}`}
      className="frame"
      role="option"
      aria-selected={chosen}
      data-kind={kind}
      onClick={() => onChoose(entry)}
    >
      <time>{formatClock(at)}</time>
      <span className="frame-id">{frame?.id}</span>
      <span className="frame-raw">
        {frame && (
          <>
            <b>{frame.event ?? ':'}</b> {visibleControls(frame.data)}
          </>
        )}
      </span>
      <span className="frame-words">
        {notification && <code>{notification.scope}</code>} {withoutBidiControls(summary)}
      </span>
      <span className="frame-latency">
        {latencyMs !== undefined ? <b>{formatMs(latencyMs)} ms</b> : kind === 'event' && 'replay'}
      </span>
    </div>
  );
});
