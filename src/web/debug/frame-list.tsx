import { type KeyboardEvent, useEffect, useRef } from 'react';
import { FrameRow } from './frame-row.tsx';
import type { RecordedEntry } from './recorded-entry.ts';

export interface FrameListProps {
  /** The newest first. */
  readonly entries: readonly RecordedEntry[];
  readonly chosen: RecordedEntry | undefined;
  readonly onChoose: (entry: RecordedEntry | undefined) => void;
}

/** List of recorded entries, the newest on top: raw frame and decoded event. Arrow keys choose. */
export function FrameList({ entries, chosen, onChoose }: FrameListProps) {
  const list = useRef<HTMLDivElement>(null);
  const place = chosen ? entries.findIndex(({ number }) => number === chosen.number) : -1;

  function press(event: KeyboardEvent): void {
    const steps: Record<string, number> = {
      ArrowDown: place + 1,
      ArrowUp: Math.max(0, place - 1),
      PageDown: place + 10,
      PageUp: Math.max(0, place - 10),
      Home: 0,
      End: entries.length - 1,
    };
    if (event.key === 'Escape') {
      onChoose(undefined);
      return;
    }
    const next = steps[event.key];
    if (next === undefined || entries.length === 0) return;
    event.preventDefault();
    onChoose(entries[Math.min(next, entries.length - 1)]);
  }

  const number = chosen?.number;
  useEffect(() => {
    if (number !== undefined)
      list.current?.querySelector(`#entry-${number}`)?.scrollIntoView({ block: 'nearest' });
  }, [number]);

  return (
    <div className="frames">
      <div className="frame-columns" aria-hidden="true">
        <span>Received</span>
        <span>Id</span>
        <span>Raw frame</span>
        <span>Event</span>
        <span>Latency</span>
      </div>
      <div
        ref={list}
        className="frame-list"
        role="listbox"
        aria-label="Frames, the newest first"
        aria-activedescendant={place === -1 ? undefined : `entry-${number}`}
        tabIndex={0}
        onKeyDown={press}
      >
        {entries.map((entry) => (
          <FrameRow key={entry.number} entry={entry} chosen={entry.number === number} onChoose={onChoose} />
        ))}
      </div>
    </div>
  );
}
