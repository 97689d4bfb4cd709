import { type FormEvent, type ReactNode, useState } from 'react';

export interface TokenFormProps {
  readonly label: string;
  readonly hint?: ReactNode;
  /** Takes what was pasted. Rejects with an error whose message can be shown. */
  readonly onToken: (pasted: string) => Promise<void>;
}

/** Where a token is pasted. */
export function TokenForm({ label, hint, onToken }: TokenFormProps) {
  const [token, setToken] = useState('');
  const [mistake, setMistake] = useState('');
  const [asking, setAsking] = useState(false);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setMistake('');
    setAsking(true);
    try {
      await onToken(token);
    } catch (error) {
      setMistake((error as Error).message);
    } finally {
      setAsking(false);
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
        <button type="submit" className="primary" disabled={asking}>
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
