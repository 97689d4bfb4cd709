import { gzipBlockOf } from '../channel/gzip-block.ts';
import { type Bytes, frameChunk } from '../channel/live-frame.ts';
import { crc32Combine } from '../util/crc32-combine.ts';
import type { Sink } from './sink.ts';

/** Header of a gzip member without name and time (RFC 1952 § 2.3). */
const HEADER = frameChunk([Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255])]);
/** The last block of DEFLATE: stored, empty. */
const LAST_BLOCK = Buffer.from([1, 0, 0, 255, 255]);

/**
 * Sink of a gzip stream over that of a response. It has no compressor: blocks are shared by all streams that are sent the same
 * bytes. Of its own it has two numbers, the checksum and the length of what it was sent, for the trailer.
 */
export function openGzipSink(sink: Sink): Sink {
  let crc = 0;
  let length = 0;
  sink.write(HEADER);
  return {
    write(bytes: Bytes) {
      const block = gzipBlockOf(bytes);
      crc = crc32Combine(crc, block.shift, block.crc);
      length = (length + block.length) % 2 ** 32;
      sink.write(block);
    },
    get unsent() {
      return sink.unsent;
    },
    get taken() {
      return sink.taken;
    },
    get endpoints() {
      return sink.endpoints;
    },
    drained: () => sink.drained(),
    end() {
      const trailer = Buffer.alloc(8);
      trailer.writeUInt32LE(crc, 0);
      trailer.writeUInt32LE(length, 4);
      sink.write(frameChunk([LAST_BLOCK, trailer]));
      sink.end();
    },
    cut: () => sink.cut(),
    onClose: (callback) => sink.onClose(callback),
  };
}
