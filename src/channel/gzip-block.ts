import { constants, crc32, deflateRawSync } from 'node:zlib';
import type { Scope } from '../protocol/scope.ts';
import { parseScope } from '../protocol/scope.ts';
import { crc32Shift } from '../util/crc32-combine.ts';
import { Batch } from './batch.ts';
import { type Bytes, frameChunk } from './live-frame.ts';

/** Max bytes of a stored block of DEFLATE (RFC 1951 § 3.2.4). */
const MAX_STORED = 65_535;
/** Bytes from which text is compressed, where it is shared: fewer fit one packet either way. */
const MIN_COMPRESSED_BYTES = 1_024;
/**
 * Writes of the same bytes before they are compressed. Compressing costs as much as a few writes, so it never costs more
 * than what has been written already, and what one stream alone is sent is never compressed.
 */
const WRITES_BEFORE = 8;
/** 3 ns of CPU for a byte; higher levels take up to three times as long for a sixth fewer bytes. */
const LEVEL = 1;

/** Bytes as blocks of DEFLATE that stand for themselves: they begin and end at a byte, and refer to nothing before them. */
export interface GzipBlock extends Bytes {
  /** Length of the text, bytes. */
  readonly length: number;
  /** CRC-32 of the text. */
  readonly crc: number;
  /** `crc32Shift` of `length`. */
  readonly shift: number;
}

interface Forms {
  writes: number;
  block: GzipBlock;
  compressed: boolean;
}

const forms = new WeakMap<Bytes, Forms>();

/**
 * Returns bytes as blocks for a gzip stream, once for all streams that are sent them: stored for the first few,
 * compressed for all others.
 */
export function gzipBlockOf(bytes: Bytes): GzipBlock {
  let form = forms.get(bytes);
  if (!form) {
    const text = bytes.plain;
    form = { writes: 0, block: blockOf(text, stored(text)), compressed: text.length < MIN_COMPRESSED_BYTES };
    forms.set(bytes, form);
  }
  if (!form.compressed && ++form.writes > WRITES_BEFORE) {
    form.compressed = true;
    const { length, crc, shift } = form.block;
    form.block = { ...frameChunk(runsOf(bytes).flatMap(encodeRun)), length, crc, shift };
  }
  return form.block;
}

function blockOf(text: Buffer, parts: readonly Buffer[]): GzipBlock {
  return { ...frameChunk(parts), length: text.length, crc: crc32(text), shift: crc32Shift(text.length) };
}

/** Consecutive bytes for one audience. */
interface Run {
  /** Who may read them, and has text of its own in them; undefined: one player alone. */
  readonly audience: string | undefined;
  readonly parts: Buffer[];
}

/**
 * Splits bytes into what is compressed apart. Compressed lengths show which text repeats, so text that one user chose is not
 * compressed together with text which that user may not read.
 */
function runsOf(bytes: Bytes): Run[] {
  if (!(bytes instanceof Batch)) return [{ audience: 'all', parts: [bytes.plain] }];
  const runs: Run[] = [];
  for (const frame of bytes.frames) {
    const audience = audienceOf(frame.scope);
    const last = runs.at(-1);
    if (last && last.audience === audience) last.parts.push(frame.plain);
    else runs.push({ audience, parts: [frame.plain] });
  }
  return runs;
}

function audienceOf(scope: Scope): string | undefined {
  const parsed = parseScope(scope);
  switch (parsed?.kind) {
    case 'player':
      return undefined;
    case 'leaderboard':
    case 'shown':
    case 'cells':
      return `contest:${parsed.id}`;
    default:
      return scope;
  }
}

function encodeRun({ audience, parts }: Run): Buffer[] {
  const text = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  if (audience === undefined || text.length < MIN_COMPRESSED_BYTES) return stored(text);
  return [deflateRawSync(text, { level: LEVEL, finishFlush: constants.Z_FULL_FLUSH })];
}

/** Text as stored blocks: five bytes more for 64 KiB. */
function stored(text: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < text.length; at += MAX_STORED) {
    const part = text.subarray(at, at + MAX_STORED);
    const head = Buffer.alloc(5);
    head.writeUInt16LE(part.length, 1);
    head.writeUInt16LE(part.length ^ 0xffff, 3);
    parts.push(head, part);
  }
  return parts;
}
