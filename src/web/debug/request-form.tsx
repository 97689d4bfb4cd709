import { type FormEvent, useState } from 'react';
import { serviceBase } from '../shared/service.ts';
import { tokenSourceOf, type Viewer } from '../shared/viewer.ts';
import { CopyButton } from './copy-button.tsx';
import { queryOf, type RequestDraft, suggestionsFor } from './request-draft.ts';
import { ScopeChoice } from './scope-choice.tsx';
import { StartChoice } from './start-choice.tsx';
import { curlLine, type StreamQuery } from './stream-query.ts';
import { TypeChoice } from './type-choice.tsx';
import type { ViewerDetails } from './use-viewer-details.ts';
import { ViewerChoice } from './viewer-choice.tsx';

export interface RequestFormProps {
  readonly viewer: Viewer | undefined;
  readonly details: ViewerDetails;
  readonly draft: RequestDraft;
  readonly connected: boolean;
  readonly onViewer: (viewer: Viewer) => void;
  readonly onChange: (part: Partial<RequestDraft>) => void;
  readonly onConnect: (wanted: StreamQuery) => void;
  readonly onDisconnect: () => void;
}

/** Form for a stream: viewer, scopes, types and cursor. */
export function RequestForm(props: RequestFormProps) {
  const { viewer, details, draft, connected, onViewer, onChange, onConnect, onDisconnect } = props;
  const [mistake, setMistake] = useState('');
  const suggestions = suggestionsFor(details);
  const wanted = queryOf(draft, suggestions);
  const hasNoViewer = viewer === undefined || (viewer.kind === 'token' && viewer.token === '');

  function submit(event: FormEvent): void {
    event.preventDefault();
    const wrong = hasNoViewer ? 'Say as whom: choose a player, or paste a token.' : wanted;
    setMistake(typeof wrong === 'string' ? wrong : '');
    if (typeof wrong !== 'string') onConnect(wrong);
  }

  return (
    <form className="tool-form" onSubmit={submit} aria-labelledby="request">
      <h2 id="request">Stream</h2>
      <ViewerChoice viewer={viewer} onChange={onViewer} />
      <ScopeChoice draft={draft} suggestions={suggestions} onChange={onChange} />
      <TypeChoice draft={draft} onChange={onChange} />
      <StartChoice draft={draft} onChange={onChange} />
      <p className="mistake" role="alert">
        {mistake}
      </p>
      <div className="form-buttons">
        <button type="submit" className="primary">
          {connected ? 'Connect anew' : 'Connect'}
        </button>
        {connected && (
          <button type="button" className="quiet-button" onClick={onDisconnect}>
            Disconnect
          </button>
        )}
      </div>
      {typeof wanted !== 'string' && !hasNoViewer && (
        <div className="curl">
          <code>{curlLine(serviceBase(), wanted, '…')}</code>
          <CopyButton
            text={async () => curlLine(serviceBase(), wanted, (await tokenSourceOf(viewer)('request')) ?? '')}
          >
            Copy as curl
          </CopyButton>
        </div>
      )}
    </form>
  );
}
