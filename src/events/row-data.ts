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
  return row.type === type ? parseData<T>(row.data) : undefined;
}

/** Parses the data of a log row that is known to be of type `T`. */
export function parseData<T extends EventType>(data: string): EventData<T> {
  return JSON.parse(data) as EventData<T>;
}
