import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import type { Router } from '../../src/http/router.ts';
import { webRoutes } from '../../src/http/web.ts';

const PAGE = `<!doctype html><title>Arena</title>${'<p>A page.</p>'.repeat(40)}`;
const SCRIPT = `console.log('hello');${'// so that it is worth compressing\n'.repeat(40)}`;

describe('The pages', () => {
  let folder: string;
  let app: Router;
  const appOf = async (pages: string) =>
    createApp({ version: '0', isAllowedOrigin: () => false, routers: [await webRoutes({ folder: pages })] });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pages-'));
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'index.html'), PAGE);
    writeFileSync(join(folder, 'debug.html'), '<!doctype html><title>Frames</title>');
    writeFileSync(join(folder, 'assets/arena-1a2b.js'), SCRIPT);
    writeFileSync(join(folder, 'assets/arena-1a2b.js.map'), '{}');
    writeFileSync(join(folder, 'assets/plex-1a2b.woff2'), 'wOF2');
    app = await appOf(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('are asked for each time, and not sent again while they are the same', async () => {
    const first = await app.request('/');
    expect(first.status).toBe(200);
    expect(first.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(first.headers.get('cache-control')).toBe('no-cache');
    expect(await first.text()).toBe(PAGE);
    const etag = first.headers.get('etag') as string;
    expect(etag).toMatch(/^"[\w-]+"$/);
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await app.request('/', { headers: { 'if-none-match': tag } });
      expect(again.status).toBe(304);
      expect(await again.text()).toBe('');
      expect(again.headers.get('etag')).toBe(etag);
      expect(again.headers.get('cache-control')).toBe('no-cache');
    }
    expect((await app.request('/', { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
  });

  it('may run what the service serves, and nothing else', async () => {
    const policy = (await app.request('/')).headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("font-src 'self'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
  });

  it('lie at their names, and their assets are kept for ever', async () => {
    expect(await (await app.request('/debug')).text()).toContain('Frames');
    const asset = await app.request('/assets/arena-1a2b.js');
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(asset.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(await asset.text()).toBe(SCRIPT);
    expect((await app.request('/assets/plex-1a2b.woff2')).headers.get('content-type')).toBe('font/woff2');
    for (const path of [
      '/nothing',
      '/assets/other.js',
      '/assets/arena-1a2b.js.map',
      '/assets/..%2findex.html',
    ])
      expect((await app.request(path)).status, path).toBe(404);
    expect((await app.request('/', { method: 'POST' })).status).toBe(405);
  });

  it('come compressed to those who take that, with an ETag of their own', async () => {
    const ask = (accepted: string) =>
      app.request('/assets/arena-1a2b.js', { headers: { 'accept-encoding': accepted } });
    const decoded = async (response: Response, decode: (bytes: Buffer) => Buffer) =>
      decode(Buffer.from(await response.arrayBuffer())).toString();
    const brotli = await ask('gzip, deflate, br');
    expect(brotli.headers.get('content-encoding')).toBe('br');
    expect(brotli.headers.get('vary')).toContain('accept-encoding');
    expect(await decoded(brotli, brotliDecompressSync)).toBe(SCRIPT);
    const gzip = await ask('gzip;q=0.5, br;q=0');
    expect(gzip.headers.get('content-encoding')).toBe('gzip');
    expect(await decoded(gzip, gunzipSync)).toBe(SCRIPT);
    const plain = await ask('identity');
    expect(plain.headers.get('content-encoding')).toBeNull();
    const tags = [brotli, gzip, plain].map(({ headers }) => headers.get('etag'));
    expect(new Set(tags).size).toBe(3);
  });

  it('say in a sentence that they are not built, and the rest works', async () => {
    const unbuilt = await appOf(join(folder, 'missing'));
    const answer = await unbuilt.request('/');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.text()).toMatch(/^The pages are not built\..*\n$/);
    expect((await unbuilt.request('/docs')).status).toBe(200);
    expect((await unbuilt.request('/assets/arena-1a2b.js')).status).toBe(404);
  });
});
