import { type FormEvent, useState } from 'react';
import { type Identity, tokensOf } from '../arena/identity.ts';
import { serviceUrl } from '../arena/service.ts';
import { CopyButton } from '../tools/copy-button.tsx';
import { type Draft, suggestionsFor, wantedOf } from './draft.ts';
import { ScopeChoice } from './scope-choice.tsx';
import { StartChoice } from './start-choice.tsx';
import { TypeChoice } from './type-choice.tsx';
import type { Persona } from './use-persona.ts';
import { curlLine, type Wanted } from './wanted.ts';
import { Who } from './who.tsx';

export interface RequestFormProps {
  readonly identity: Identity | undefined;
  readonly persona: Persona;
  readonly draft: Draft;
  readonly connected: boolean;
  readonly onIdentity: (identity: Identity) => void;
  readonly onChange: (part: Partial<Draft>) => void;
  readonly onConnect: (wanted: Wanted) => void;
  readonly onDisconnect: () => void;
}

/** Which stream: as whom, what, and from where. */
export function RequestForm(props: RequestFormProps) {
  const { identity, persona, draft, connected, onIdentity, onChange, onConnect, onDisconnect } = props;
  const [mistake, setMistake] = useState('');
  const suggestions = suggestionsFor(persona);
  const wanted = wantedOf(draft, suggestions);
  const nobody = identity === undefined || (identity.kind === 'token' && identity.token === '');

  function submit(event: FormEvent): void {
    event.preventDefault();
    const wrong = nobody ? 'Say as whom: choose a player, or paste a token.' : wanted;
    setMistake(typeof wrong === 'string' ? wrong : '');
    if (typeof wrong !== 'string') onConnect(wrong);
  }

  return (
    <form className="tool-form" onSubmit={submit} aria-labelledby="request">
      <h2 id="request">Stream</h2>
      <Who identity={identity} onChange={onIdentity} />
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
      {typeof wanted !== 'string' && !nobody && (
        <div className="curl">
          <code>{curlLine(serviceUrl(), wanted, '…')}</code>
          <CopyButton
            text={async () => curlLine(serviceUrl(), wanted, (await tokensOf(identity)('request')) ?? '')}
          >
            Copy as curl
          </CopyButton>
        </div>
      )}
    </form>
  );
}
