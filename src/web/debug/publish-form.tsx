import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { PublicEventType } from '../../protocol/event.ts';
import { type About, exampleOf, PUBLIC_TYPES } from './examples.ts';
import { publishTestEvent } from './publish.ts';

/** Form that publishes an event with a service token. */
export function PublishForm({ about }: { readonly about: About }) {
  const [token, setToken] = useState('');
  const [type, setType] = useState<PublicEventType>('LEVEL_UP');
  const [edited, setEdited] = useState<string>();
  const [answer, setAnswer] = useState<{ readonly well: boolean; readonly lines: readonly string[] }>();
  const [submitting, setSubmitting] = useState(false);
  const answerRef = useRef<HTMLDivElement>(null);
  // The form may be longer than the page is high.
  useEffect(() => {
    if (answer) answerRef.current?.scrollIntoView({ block: 'nearest' });
  }, [answer]);
  const text = edited ?? exampleOf(type, about);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setSubmitting(true);
    try {
      setAnswer({ well: true, lines: await publishTestEvent(token, type, text) });
    } catch (error) {
      setAnswer({ well: false, lines: (error as Error).message.split('\n') });
    } finally {
      setSubmitting(false);
    }
  }

  return (
    <form className="tool-form" onSubmit={(event) => void submit(event)} aria-labelledby="publish">
      <h2 id="publish">Publish a test event</h2>
      <label className="field">
        Service token
        <input
          type="password"
          name="service-token"
          autoComplete="off"
          spellCheck={false}
          placeholder="eyJhbGciOi…"
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
          aria-describedby="service-token-hint"
          required
        />
      </label>
      <p className="hint" id="service-token-hint">
        <code>npm run live -- token --service debugger</code> prints one. It is kept nowhere.
      </p>
      <label className="field">
        Type
        <select
          value={type}
          onChange={(event) => {
            setType(event.currentTarget.value as PublicEventType);
            setEdited(undefined);
          }}
        >
          {PUBLIC_TYPES.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label className="field">
        Data
        <textarea
          className="mono"
          rows={Math.min(12, text.split('\n').length)}
          spellCheck={false}
          value={text}
          onChange={(event) => setEdited(event.currentTarget.value)}
        />
      </label>
      <div className="form-buttons">
        <button type="submit" className="primary" disabled={submitting}>
          Publish
        </button>
      </div>
      <div ref={answerRef} className={answer?.well ? 'answer' : 'answer mistake'} role="status">
        {answer?.lines.map((line) => (
          <p key={line}>{line}</p>
        ))}
      </div>
    </form>
  );
}
