import { withoutBidiControls } from '../../react/text/bidi.ts';
import { CopyButton } from './copy-button.tsx';
import { type RecordedEntry, visibleControls, wireText } from './recorded-entry.ts';

export interface InspectorProps {
  readonly entry: RecordedEntry;
  /** Makes a curl command for the stream from an id on. */
  readonly curlFrom: ((id: string) => Promise<string>) | undefined;
  readonly onReplay: (id: string) => void;
  readonly onClose: () => void;
}

/** A frame on the wire beside its decoded content. */
export function Inspector({ entry, curlFrom, onReplay, onClose }: InspectorProps) {
  const { frame, notification } = entry;
  const id = frame?.id;
  return (
    <section className="inspector" aria-label="The chosen frame">
      <div className="inspector-bar">
        <p>{withoutBidiControls(entry.summary)}</p>
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
            <pre className="wire">{visibleControls(wireText(frame))}</pre>
          </section>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard */}
          <section tabIndex={0} aria-label="What it holds">
            <pre>{visibleControls(pretty(notification, frame.data))}</pre>
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
