import type { ChoiceProps } from './scope-choice.tsx';

const STARTS = [
  ['now', 'now'],
  ['earliest', 'the earliest kept'],
  ['after', 'after an id'],
] as const;

/** Choice of the cursor. */
export function StartChoice({ draft: { start, after }, onChange }: ChoiceProps) {
  return (
    <fieldset>
      <legend>From</legend>
      <div className="starts">
        {STARTS.map(([value, text]) => (
          <label key={value} className="tick">
            <input
              type="radio"
              name="start"
              checked={start === value}
              onChange={() => onChange({ start: value })}
            />
            {text}
          </label>
        ))}
      </div>
      {start === 'after' && (
        <input
          className="mono"
          aria-label="After this id"
          placeholder="1042-k7f2"
          spellCheck={false}
          value={after}
          onChange={(event) => onChange({ after: event.currentTarget.value })}
        />
      )}
    </fieldset>
  );
}
