import type { EventType } from '../../protocol/event.ts';
import { stretchesOf, withoutBidiControls } from './bidi.ts';

export interface EventTextProps {
  /** A notification, or an entry of the inbox. */
  readonly of: { readonly type: EventType; readonly data: unknown };
  /** Its title or its message. */
  readonly text: string;
}

/**
 * What an event says. An announcement is somebody's own words and has their direction; all else are sentences of the
 * service, in English, in which the names of others are isolated.
 */
export function EventText({ of, text }: EventTextProps) {
  if (of.type === 'ANNOUNCEMENT') return <bdi dir="auto">{withoutBidiControls(text)}</bdi>;
  return (
    <bdi dir="ltr">
      {stretchesOf(text, of.data).map(({ text, foreign }, place) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: a stretch is its place
        foreign ? <bdi key={place}>{text}</bdi> : text,
      )}
    </bdi>
  );
}
