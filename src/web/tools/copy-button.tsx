import { useState } from 'react';

export interface CopyButtonProps {
  /** Made when it is wanted: it may hold a token, which may be another one by then. */
  readonly text: () => string | Promise<string>;
  readonly children: string;
  readonly disabled?: boolean;
  readonly className?: string;
}

const SAID = { copied: 'Copied', failed: 'The browser did not allow it' } as const;

/** Puts something on the clipboard, and says whether it did. */
export function CopyButton({
  text,
  children,
  disabled = false,
  className = 'quiet-button',
}: CopyButtonProps) {
  const [outcome, setOutcome] = useState<keyof typeof SAID>();
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
        {outcome && SAID[outcome]}
      </span>
    </>
  );
}
