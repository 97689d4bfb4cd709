import { type FormEvent, type ReactNode, useState } from 'react';

export interface TokenFormProps {
  readonly label: string;
  readonly hint?: ReactNode;
  /** Handles the pasted text. Rejects with an error whose message is shown. */
  readonly onToken: (pasted: string) => Promise<void>;
}

/** Form for a token. */
export function TokenForm({ label, hint, onToken }: TokenFormProps) {
  const [token, setToken] = useState('');
  const [mistake, setMistake] = useState('');
  const [submitting, setSubmitting] = useState(false);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setMistake('');
    setSubmitting(true);
    try {
      await onToken(token);
    } catch (error) {
      setMistake((error as Error).message);
    } finally {
      setSubmitting(false);
    }
  }

  return (
    <form onSubmit={(event) => void submit(event)}>
      <h2>
        <label htmlFor="token">{label}</label>
      </h2>
      <div className="token-line">
        <input
          id="token"
          name="token"
          type="password"
          autoComplete="off"
          spellCheck={false}
          placeholder="eyJhbGciOi…"
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
          aria-describedby={hint === undefined ? 'token-mistake' : 'token-mistake token-hint'}
          required
        />
        <button type="submit" className="primary" disabled={submitting}>
          Enter
        </button>
      </div>
      <p id="token-mistake" className="entrance-mistake" role="alert">
        {mistake}
      </p>
      {hint !== undefined && (
        <p id="token-hint" className="hint">
          {hint}
        </p>
      )}
    </form>
  );
}
