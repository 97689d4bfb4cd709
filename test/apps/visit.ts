import { readFile } from 'node:fs/promises';
import { extname, resolve, sep } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { BuiltApp } from './build.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.woff2': 'font/woff2',
};

export interface Visit {
  readonly colorScheme?: 'light' | 'dark';
  readonly dir?: 'ltr' | 'rtl';
  readonly size?: { readonly width: number; readonly height: number };
  /** What the host's own style sheet says; it comes before anything of the page is drawn. */
  readonly css?: string;
}

export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 360, height: 740 };

/** A visitor's page, and what its console had to complain about. */
export interface Visited {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly complaints: readonly string[];
}

/** Opens an app at `url`, which is the service's: the app is served under `/app/`, and the visitor is the player of `token`. */
export async function visit(
  browser: Browser,
  { app, url, token }: { readonly app: BuiltApp; readonly url: string; readonly token: string },
  { colorScheme = 'light', dir = 'ltr', size = DESKTOP, css = '' }: Visit = {},
): Promise<Visited> {
  const context = await browser.newContext({ viewport: size, colorScheme, reducedMotion: 'reduce' });
  await context.addCookies([{ name: 'token', value: token, url }]);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.route('**/favicon.ico', (route) => route.fulfill({ status: 204 }));
  await page.route(`${url}/app/**`, async (route) => {
    const path = decodeURIComponent(new URL(route.request().url()).pathname.slice('/app/'.length));
    const file = resolve(app.folder, path === '' ? 'index.html' : path);
    const inside = file.startsWith(app.folder.endsWith(sep) ? app.folder : app.folder + sep);
    const body = inside ? await readFile(file).catch(() => undefined) : undefined;
    if (body === undefined) return route.fulfill({ status: 404 });
    const isPage = extname(file) === '.html';
    const html = () =>
      body
        .toString('utf8')
        .replace('<html', `<html dir="${dir}"`)
        .replace('</head>', `<style>${css}</style></head>`);
    return route.fulfill({ body: isPage ? html() : body, contentType: TYPES[extname(file)] ?? 'text/plain' });
  });
  await page.goto(`${url}/app/`);
  return { context, page, complaints };
}
