import type { ScopeInput } from '../../client/types.ts';
import { type RequestDraft, type Suggestion, tickedIn } from './request-draft.ts';

export interface ChoiceProps {
  readonly draft: RequestDraft;
  readonly onChange: (part: Partial<RequestDraft>) => void;
}

/** Checkboxes for suggested scopes, and a field for others. */
export function ScopeChoice(props: ChoiceProps & { readonly suggestions: readonly Suggestion[] }) {
  const { draft, suggestions, onChange } = props;
  const ticked = tickedIn(draft, suggestions);
  const toggle = (scope: ScopeInput, on: boolean) =>
    onChange({ ticked: on ? [...ticked, scope] : ticked.filter((one) => one !== scope) });
  return (
    <fieldset>
      <legend>Scopes</legend>
      {suggestions.map(({ scope, hint }) => (
        <label key={scope} className="tick">
          <input
            type="checkbox"
            checked={ticked.includes(scope)}
            onChange={(event) => toggle(scope, event.currentTarget.checked)}
          />
          <code>{scope}</code>
          <span>{hint}</span>
        </label>
      ))}
      <input
        className="mono"
        aria-label="More scopes"
        placeholder="more: problem:5 contest:9"
        spellCheck={false}
        value={draft.more}
        onChange={(event) => onChange({ more: event.currentTarget.value })}
      />
    </fieldset>
  );
}
