import type { LogRow } from '../log/row.ts';
import type { EventData, EventType } from '../protocol/event.ts';

/**
 * Data of a log row, typed as its event was validated; undefined for a row of another type. Rows are text: an event that
 * has not left this process travels typed, as an `EventDraft`.
 */
export function dataOf<T extends EventType>(
  type: T,
  row: Pick<LogRow, 'type' | 'data'>,
): EventData<T> | undefined {
  return row.type === type ? (JSON.parse(row.data) as EventData<T>) : undefined;
}
