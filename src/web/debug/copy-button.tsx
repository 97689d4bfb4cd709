import { useState } from 'react';

export interface CopyButtonProps {
  /** Called on each click, since the text may contain a token that was renewed. */
  readonly text: () => string | Promise<string>;
  readonly children: string;
  readonly disabled?: boolean;
  readonly className?: string;
}

const OUTCOME_TEXT = { copied: 'Copied', failed: 'The browser did not allow it' } as const;

/** Button that copies a text to the clipboard and shows the outcome. */
export function CopyButton({
  text,
  children,
  disabled = false,
  className = 'quiet-button',
}: CopyButtonProps) {
  const [outcome, setOutcome] = useState<keyof typeof OUTCOME_TEXT>();
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(await text());
      setOutcome('copied');
    } catch {
      setOutcome('failed');
    }
  }
  return (
    <>
      <button
        type="button"
        className={className}
        onClick={() => void copy()}
        onBlur={() => setOutcome(undefined)}
        disabled={disabled}
      >
        {children}
      </button>
      <span className="copy-outcome" role="status">
        {outcome && OUTCOME_TEXT[outcome]}
      </span>
    </>
  );
}
