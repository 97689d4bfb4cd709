import { type FormEvent, useState } from 'react';
import { ToolBar } from '../tools/tool-bar.tsx';
import { checkPass } from './pass.ts';

/** Where an operator shows a token. */
export function Gate({ onEnter }: { readonly onEnter: (token: string) => void }) {
  const [token, setToken] = useState('');
  const [mistake, setMistake] = useState('');
  const [asking, setAsking] = useState(false);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setMistake('');
    setAsking(true);
    try {
      onEnter(await checkPass(token));
    } catch (error) {
      setMistake((error as Error).message);
    } finally {
      setAsking(false);
    }
  }

  return (
    <>
      <ToolBar here="Ops" />
      <main className="entrance gate">
        <header className="entrance-head">
          <h1>Operator</h1>
          <p>How the nodes are doing, and who is connected. For admins.</p>
        </header>
        <form onSubmit={(event) => void submit(event)}>
          <h2>
            <label htmlFor="token">Paste an admin’s token</label>
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
              aria-describedby="token-mistake token-hint"
              required
            />
            <button type="submit" className="primary" disabled={asking}>
              Enter
            </button>
          </div>
          <p id="token-mistake" className="entrance-mistake" role="alert">
            {mistake}
          </p>
          <p id="token-hint" className="hint">
            <code>npm run live -- token --admin</code> prints one, also for the demo.
          </p>
        </form>
      </main>
    </>
  );
}
