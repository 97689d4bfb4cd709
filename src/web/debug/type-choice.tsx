import { EVENT_NAMES } from '../../client/event-names.ts';
import type { EventName, EventType } from '../../protocol/event.ts';
import type { ChoiceProps } from './scope-choice.tsx';

/** Checkboxes for types; none ticked means all. */
export function TypeChoice({ draft: { types }, onChange }: ChoiceProps) {
  return (
    <details className="types">
      <summary>{types.length === 0 ? 'All types of events' : `${types.length} types of events`}</summary>
      <div className="type-grid">
        {EVENT_NAMES.map((name) => {
          const type = typeOf(name);
          return (
            <label key={name} className="tick">
              <input
                type="checkbox"
                checked={types.includes(type)}
                onChange={(event) =>
                  onChange({
                    types: event.currentTarget.checked
                      ? [...types, type]
                      : types.filter((one) => one !== type),
                  })
                }
              />
              <code>{name}</code>
            </label>
          );
        })}
      </div>
    </details>
  );
}

/** Type of an event name: `level-up` → `LEVEL_UP`. */
function typeOf(name: EventName): EventType {
  return name.toUpperCase().replaceAll('-', '_') as EventType;
}
