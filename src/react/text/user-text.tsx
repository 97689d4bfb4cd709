import { withoutBidiControls } from './bidi.ts';

export interface UserTextProps {
  readonly text: string;
  readonly className?: string;
}

/** User-made text, such as a name, isolated with its own direction. */
export function UserText({ text, className }: UserTextProps) {
  return (
    <bdi dir="auto" className={className}>
      {withoutBidiControls(text)}
    </bdi>
  );
}
