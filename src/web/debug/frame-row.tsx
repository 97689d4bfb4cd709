import { memo } from 'react';
import { withoutBidiControls } from '../../react/text/bidi.ts';
import { formatClock, formatMs } from '../tools/numbers.ts';
import type { Entry } from './entry.ts';
import { shown } from './shown.ts';

export interface FrameRowProps {
  readonly entry: Entry;
  readonly chosen: boolean;
  readonly onChoose: (entry: Entry) => void;
}

/** One entry. Rows are many and never change once they are whole. */
export const FrameRow = memo(function FrameRow({ entry, chosen, onChoose }: FrameRowProps) {
  const { number, at, frame, notification, latencyMs, kind, words } = entry;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the focus, and hears the keys
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
            <b>{frame.event ?? ':'}</b> {shown(frame.data)}
          </>
        )}
      </span>
      <span className="frame-words">
        {notification && <code>{notification.scope}</code>} {withoutBidiControls(words)}
      </span>
      <span className="frame-latency">
        {latencyMs !== undefined ? <b>{formatMs(latencyMs)} ms</b> : kind === 'event' && 'replay'}
      </span>
    </div>
  );
});
