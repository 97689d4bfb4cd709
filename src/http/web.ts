import type { Context } from 'hono';
import { Problem } from '../protocol/problem.ts';
import { chooseEncoding } from './encoding.ts';
import { matchesTag } from './entity-tag.ts';
import { type AppEnv, createRouter, type Router } from './router.ts';
import { readWebFiles, type WebFile } from './web-files.ts';

export interface WebRoutesDeps {
  /** Folder of the built pages: `<page>.html`, and `assets/` whose names change with their content. */
  readonly folder: string;
}

const NOT_BUILT = 'The pages are not built. `npm run build` builds them; the API is at docs.\n';

/** Content security policy of pages: they load from this service alone, and run no inline script. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Routes of the built pages: `index.html` at `/`, any other `<page>.html` at `/<page>`, and their assets. */
export async function webRoutes({ folder }: WebRoutesDeps): Promise<Router> {
  const router = createRouter();
  const files = await readWebFiles(folder);
  const pages = [...files.keys()].filter((path) => /^[a-z]+\.html$/.test(path));
  for (const path of pages) {
    const file = files.get(path) as WebFile;
    router.get(path === 'index.html' ? '/' : `/${path.slice(0, -'.html'.length)}`, (c) =>
      send(c, file, { 'cache-control': 'no-cache', 'content-security-policy': PAGE_POLICY }),
    );
  }
  if (!files.has('index.html'))
    router.get('/', (c) => c.text(NOT_BUILT, 200, { 'cache-control': 'no-store' }));
  router.get('/assets/:file', (c) => {
    const file = files.get(`assets/${c.req.param('file')}`);
    if (file === undefined) throw new Problem('not-found');
    return send(c, file, { 'cache-control': 'public, max-age=31536000, immutable' });
  });
  return router;
}

function send(c: Context<AppEnv>, file: WebFile, headers: Record<string, string>): Response {
  const encoding = chooseEncoding(c.req.header('accept-encoding'), file.bodies);
  // Each encoding is a representation of its own (RFC 9110 § 8.8.3).
  const etag = `"${file.digest}${encoding === 'identity' ? '' : `-${encoding}`}"`;
  const all = { ...headers, etag, vary: 'accept-encoding' };
  if (matchesTag(c.req.header('if-none-match'), etag)) return c.body(null, 304, all);
  const body = file.bodies[encoding] as Uint8Array<ArrayBuffer>;
  return c.body(body, 200, {
    ...all,
    'content-type': file.type,
    'content-length': String(body.length),
    ...(encoding === 'identity' ? {} : { 'content-encoding': encoding }),
  });
}
