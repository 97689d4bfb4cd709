import { withoutBidiControls } from '../../react/text/bidi.ts';
import { CopyButton } from '../tools/copy-button.tsx';
import { type Entry, wireText } from './entry.ts';
import { shown } from './shown.ts';

export interface InspectorProps {
  readonly entry: Entry;
  /** The stream from there on, as a line for a shell. */
  readonly curlFrom: ((id: string) => Promise<string>) | undefined;
  readonly onReplay: (id: string) => void;
  readonly onClose: () => void;
}

/** One frame as it was on the wire, and what it holds, side by side. */
export function Inspector({ entry, curlFrom, onReplay, onClose }: InspectorProps) {
  const { frame, notification } = entry;
  const id = frame?.id;
  return (
    <section className="inspector" aria-label="The chosen frame">
      <div className="inspector-bar">
        <p>{withoutBidiControls(entry.words)}</p>
        {id !== undefined && curlFrom !== undefined && (
          <>
            <button type="button" className="quiet-button" onClick={() => onReplay(id)}>
              Replay from here
            </button>
            <CopyButton text={() => curlFrom(id)}>Copy curl from here</CopyButton>
          </>
        )}
        <button type="button" className="quiet-button" onClick={onClose}>
          Close
        </button>
      </div>
      {frame && (
        <div className="inspector-panes">
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard */}
          <section tabIndex={0} aria-label="On the wire">
            <pre className="wire">{shown(wireText(frame))}</pre>
          </section>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard */}
          <section tabIndex={0} aria-label="What it holds">
            <pre>{shown(pretty(notification, frame.data))}</pre>
          </section>
        </div>
      )}
    </section>
  );
}

function pretty(notification: unknown, data: string): string {
  try {
    return JSON.stringify(notification ?? JSON.parse(data), undefined, 2);
  } catch {
    return data;
  }
}
