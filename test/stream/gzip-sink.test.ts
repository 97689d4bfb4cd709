import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { Batch } from '../../src/channel/batch.ts';
import { type Bytes, encodeBytes } from '../../src/channel/live-frame.ts';
import { scopes } from '../../src/protocol/scope.ts';
import { openGzipSink } from '../../src/stream/gzip-sink.ts';
import type { Sink } from '../../src/stream/sink.ts';
import { frameOf, framesAfter } from '../support/wire/frames.ts';

/** Keeps what is written to it. */
function recordingSink() {
  const written: Bytes[] = [];
  let ended = false;
  const sink: Sink = {
    write: (bytes) => void written.push(bytes),
    unsent: 0,
    taken: 0,
    drained: () => Promise.resolve(),
    end: () => {
      ended = true;
    },
    cut: () => {},
    onClose: () => {},
  };
  return {
    sink,
    written,
    isEnded: () => ended,
    body: () => Buffer.concat(written.map(({ plain }) => plain)),
  };
}

/** The body of chunks (RFC 9112 § 7.1). */
function unchunked(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf('\r\n', at);
    const length = Number.parseInt(bytes.toString('latin1', at, end), 16);
    parts.push(bytes.subarray(end + 2, end + 2 + length));
    expect(bytes.toString('latin1', end + 2 + length, end + 4 + length)).toBe('\r\n');
    at = end + 4 + length;
  }
  return Buffer.concat(parts);
}

/** Writes the same bytes to so many streams, and returns the block that the last of them was sent. */
function lastBlock(bytes: Bytes, streams = 20): Buffer {
  const last = Array.from({ length: streams }, () => {
    const stream = recordingSink();
    openGzipSink(stream.sink).write(bytes);
    return stream.written.at(-1) as Bytes;
  }).at(-1) as Bytes;
  return last.plain;
}

const contestFrames = (count: number, from = 1) =>
  Array.from({ length: count }, (_, index) =>
    frameOf(from + index, { scope: scopes.contest(3), message: `Player ${index} solved Problem 4` }),
  );

describe('A compressed stream', () => {
  test('is the gzip form of what was written, whichever streams shared which of it', () => {
    const sharing = fc.record({
      frames: framesAfter(0, 60),
      readers: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
    });
    fc.assert(
      fc.property(fc.array(sharing, { maxLength: 5 }), (turns) => {
        const streams = Array.from({ length: 12 }, () => {
          const recording = recordingSink();
          return { ...recording, gzip: openGzipSink(recording.sink), text: [] as Buffer[] };
        });
        for (const { frames, readers } of turns) {
          const bytes = frames.length === 0 ? encodeBytes(': keepalive\n\n') : new Batch(frames);
          for (const [index, stream] of streams.entries()) {
            if (!readers[index]) continue;
            stream.gzip.write(bytes);
            stream.text.push(bytes.plain);
          }
        }
        for (const { gzip, written, body, isEnded, text } of streams) {
          gzip.end();
          expect(isEnded()).toBe(true);
          expect(gunzipSync(body()).equals(Buffer.concat(text))).toBe(true);
          expect(unchunked(Buffer.concat(written.map(({ chunk }) => chunk))).equals(body())).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('has text of more than one stored block', () => {
    const { sink, body } = recordingSink();
    const gzip = openGzipSink(sink);
    const text = 'ä'.repeat(200_000);
    gzip.write(encodeBytes(text));
    gzip.end();
    expect(gunzipSync(body()).toString()).toBe(text);
  });

  it('shares one block with all streams that are sent the same', () => {
    const batch = new Batch(contestFrames(100));
    const blocks = Array.from({ length: 50 }, () => {
      const { sink, written } = recordingSink();
      openGzipSink(sink).write(batch);
      return written.at(-1);
    });
    expect(new Set(blocks).size).toBe(2);
    expect(blocks.at(-1)?.plain.length).toBeLessThan(batch.plain.length / 3);
  });

  it('costs no compression for what few streams are sent', () => {
    const batch = new Batch(contestFrames(100));
    expect(lastBlock(batch, 8).length).toBe(batch.plain.length + 5);
  });

  it('has one event a turn as it is, five bytes longer', () => {
    const batch = new Batch(contestFrames(1));
    expect(lastBlock(batch).length).toBe(batch.plain.length + 5);
  });

  it('compresses no text for one player', () => {
    const frames = contestFrames(100).map(({ id }) =>
      frameOf(id, { scope: scopes.player(7), message: 'm'.repeat(50) }),
    );
    const batch = new Batch(frames);
    expect(lastBlock(batch).length).toBe(batch.plain.length + 5);
  });

  it('compresses texts apart of which not the same users read both: no length shows what they share', () => {
    const textOf = (seed: string) =>
      [1, 2, 3, 4].map((part) => createHash('sha512').update(`${seed}${part}`).digest('base64')).join('');
    const [secret, other] = [textOf('secret'), textOf('other')];
    const filler = 'f'.repeat(1_200);
    const lengthWith = (guess: string) =>
      lastBlock(
        new Batch([
          frameOf(1, { scope: scopes.contest(3), message: secret + filler }),
          frameOf(2, { scope: scopes.global, message: guess + filler }),
        ]),
      ).length;
    const together = (guess: string) =>
      lastBlock(
        new Batch([
          frameOf(1, { scope: scopes.global, message: secret + filler }),
          frameOf(2, { scope: scopes.global, message: guess + filler }),
        ]),
      ).length;
    expect(together(secret)).toBeLessThan(together(other) - 100);
    expect(Math.abs(lengthWith(secret) - lengthWith(other))).toBeLessThan(20);
  });
});
