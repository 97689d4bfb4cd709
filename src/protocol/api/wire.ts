import { z } from 'zod';

/** Type of a resource as it is sent: read-only. */
export type Wire<S extends z.ZodType> = Readonly<z.output<S>>;

/** List of items in an answer. */
export const list = <S extends z.ZodType>(item: S) => z.array(item).readonly();

/** Cursor of the log at which an answer was true. */
export const cursor = z.string();

/** `before` of the next page; null at the end. */
export const nextId = z.int().nullable();

/** ISO 8601 in UTC; null where it did not happen. */
export const instantOrNull = z.iso.datetime().nullable();
