import type { EventType } from '../protocol/event.ts';
import type { Scope } from '../protocol/scope.ts';
import type { LogRow } from './row.ts';
import type { AppendProof } from './source.ts';

/** Rows that one process committed, as it sends them to the others: what they would read from the database. */
export interface SharedCommit {
  readonly rows: readonly LogRow[];
  readonly proof: AppendProof;
}

/** Max rows and UTF-16 units of a commit that is shared: reading more from the database costs less than passing it around. */
const MAX_ROWS = 200;
const MAX_LENGTH = 64 * 1024;

/** Server, term, tag of the append, time, tag of the row before the first one, position of the first one, rows. */
type Part = [string, string, string, number, string, number, EncodedRow[]];
/** Rows of the event before it, scope, type, player, title, message, data. */
type EncodedRow = [number, string, string, number | null, string, string, string];

/** A part of a commit as a JSON text, and the position of its last row. */
export interface EncodedCommit {
  readonly lastId: number;
  readonly text: string;
}

/**
 * Encodes a commit as JSON texts, each of which stands for itself. Empty where the commit is large, begins a term, or
 * follows a row without a tag: then others read it.
 * @param maxLength max UTF-16 units of a text
 */
export function encodeCommit(
  { rows, proof }: { readonly rows: readonly LogRow[]; readonly proof: AppendProof | undefined },
  maxLength: number,
): EncodedCommit[] {
  const [first] = rows;
  if (!first || !proof || proof.previousTag === null || proof.began || rows.length > MAX_ROWS) return [];
  const { at, tag } = first;
  if (tag === null) return [];
  const texts: EncodedCommit[] = [];
  let previousTag = proof.previousTag;
  let part: string[] = [];
  let firstId = first.id;
  let length = 0;
  let total = 0;
  const finish = () => {
    const head = JSON.stringify([proof.server, proof.term, tag, at, previousTag, firstId]);
    const lastId = firstId + part.length - 1;
    texts.push({ lastId, text: `${head.slice(0, -1)},[${part.join(',')}]]` });
    [previousTag, firstId, part, length] = [tag, lastId + 1, [], 0];
  };
  for (const row of rows) {
    const { id, eventId, scope, type, playerId, title, message, data } = row;
    const text = JSON.stringify([id - eventId, scope, type, playerId, title, message, data]);
    total += text.length;
    if (text.length > maxLength - ENVELOPE || total > MAX_LENGTH) return [];
    if (length + text.length > maxLength - ENVELOPE) finish();
    part.push(text);
    length += text.length + 1;
  }
  finish();
  return texts;
}

/** UTF-16 units that are kept for what surrounds the rows of a part. */
const ENVELOPE = 600;

/** Reads what `encodeCommit` wrote; undefined for anything else. */
export function decodeCommit(value: unknown): SharedCommit | undefined {
  if (!isPart(value)) return undefined;
  const [server, term, tag, at, previousTag, firstId, encoded] = value;
  const rows = encoded.map(([before, scope, type, playerId, title, message, data], index): LogRow => {
    const id = firstId + index;
    return {
      id,
      eventId: id - before,
      scope: scope as Scope,
      type: type as EventType,
      playerId,
      title,
      message,
      data,
      at,
      term,
      tag,
    };
  });
  return { rows, proof: { server, term, previousTag } };
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function isPart(value: unknown): value is Part {
  if (!Array.isArray(value) || value.length !== 7) return false;
  const [server, term, tag, at, previousTag, firstId, rows] = value;
  return (
    [server, term, tag, previousTag].every(isText) &&
    [at, firstId].every(isCount) &&
    firstId > 0 &&
    Array.isArray(rows) &&
    rows.length > 0 &&
    rows.every(isRow)
  );
}

function isRow(value: unknown): value is EncodedRow {
  if (!Array.isArray(value) || value.length !== 7) return false;
  const [before, scope, type, playerId, ...texts] = value;
  return isCount(before) && (playerId === null || isCount(playerId)) && [scope, type, ...texts].every(isText);
}
