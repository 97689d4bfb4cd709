import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

export type Encoding = 'identity' | 'gzip' | 'br';

/** File of the built pages, with its encodings. */
export interface WebFile {
  readonly type: string;
  /** Digest of the content, without the quotes of an ETag. */
  readonly digest: string;
  /** The content, and each encoding that is smaller. */
  readonly bodies: Readonly<Partial<Record<Encoding, Uint8Array<ArrayBuffer>>>>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
};
const COMPRESSIBLE = new Set(['.html', '.js', '.css', '.svg', '.json']);

/**
 * Reads and compresses the files of a folder, by their path in it (`assets/arena-1a2b.js`). All are read at once, so a
 * later build does not mix with this one. Empty where there is no such folder; files of unknown type (source maps) are
 * left out.
 */
export function readWebFiles(folder: string): ReadonlyMap<string, WebFile> {
  const files = new Map<string, WebFile>();
  if (!existsSync(folder)) return files;
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const extension = extname(path);
    const type = TYPES[extension];
    if (type === undefined) continue;
    const content = new Uint8Array(readFileSync(join(folder, path)));
    files.set(path.replaceAll(sep, '/'), {
      type,
      digest: createHash('sha256').update(content).digest('base64url').slice(0, 22),
      bodies: { identity: content, ...(COMPRESSIBLE.has(extension) ? compressed(content) : {}) },
    });
  }
  return files;
}

function compressed(content: Uint8Array<ArrayBuffer>): WebFile['bodies'] {
  const bodies = {
    br: new Uint8Array(
      brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }),
    ),
    gzip: new Uint8Array(gzipSync(content)),
  };
  return Object.fromEntries(Object.entries(bodies).filter(([, body]) => body.length < content.length));
}

/** Nearly as small as at the highest quality, in a tenth of the time. */
const BROTLI_QUALITY = 9;
