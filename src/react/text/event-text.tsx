import type { EventType } from '../../protocol/event.ts';
import { stretchesOf, withoutBidiControls } from './bidi.ts';

export interface EventTextProps {
  /** Notification or inbox item. */
  readonly of: { readonly type: EventType; readonly data: unknown };
  /** Its title or message. */
  readonly text: string;
}

/**
 * Text of an event. An announcement is user-made and has its own direction; all other texts are the service's English
 * sentences, in which user-made names are isolated.
 */
export function EventText({ of, text }: EventTextProps) {
  if (of.type === 'ANNOUNCEMENT' || of.type === 'ANNOUNCEMENT_WITHDRAWN')
    return <bdi dir="auto">{withoutBidiControls(text)}</bdi>;
  return (
    <bdi dir="ltr">
      {stretchesOf(text, of.data).map(({ text, foreign }, place) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: a stretch is its place
        foreign ? <bdi key={place}>{text}</bdi> : text,
      )}
    </bdi>
  );
}
