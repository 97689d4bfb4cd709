import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { OpenAPIHono } from '@hono/zod-openapi';
import { Problem } from '../protocol/problem.ts';
import type { AppEnv } from './router.ts';
import { PAGE_POLICY } from './web.ts';

const ASSETS: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
};

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>CodeCraft Live: API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`;

const START = `SwaggerUIBundle({ url: 'openapi.json', dom_id: '#ui', deepLinking: true, tryItOutEnabled: true });\n`;

/** Mounts the API description and a page to browse it, which loads from this service alone. */
export function mountDocs(app: OpenAPIHono<AppEnv>, version: string): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', {
    type: 'http',
    scheme: 'bearer',
    description: "The platform's token.",
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'cookie', {
    type: 'apiKey',
    in: 'cookie',
    name: 'token',
    description: "The cookie that the platform's login sets, from its own pages and from this service's.",
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'ticket', {
    type: 'apiKey',
    in: 'query',
    name: 'ticket',
    description: 'A ticket from `POST /tickets`, for streams alone.',
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'service', {
    type: 'http',
    scheme: 'bearer',
    description: 'A service token, for publishing.',
  });
  // Encoded once and shared by all responses, because these routes need no identity.
  const encoded = once(() =>
    new TextEncoder().encode(
      JSON.stringify(
        app.getOpenAPI31Document({
          openapi: '3.1.0',
          info: {
            title: 'CodeCraft Live',
            version,
            description:
              'Real-time event streams and inbox of CodeCraft. Errors are RFC 9457 problems with a stable `code`.',
            license: { name: 'MIT' },
          },
          security: [{ token: [] }, { cookie: [] }],
        }),
      ),
    ),
  );
  const assets = new Map(
    Object.entries(ASSETS).map(([file, type]) => [file, { type, bytes: once(() => readAsset(file)) }]),
  );
  app.get('/openapi.json', (c) => c.body(encoded(), 200, { 'content-type': 'application/json' }));
  app.get('/docs', (c) => c.html(PAGE, 200, { 'content-security-policy': PAGE_POLICY }));
  app.get('/docs/start.js', (c) => c.body(START, 200, { 'content-type': 'text/javascript; charset=utf-8' }));
  app.get('/docs/:file', async (c) => {
    const asset = assets.get(c.req.param('file'));
    if (asset === undefined) throw new Problem('not-found');
    return c.body(await asset.bytes(), 200, {
      'content-type': asset.type,
      'cache-control': 'public, max-age=86400',
    });
  });
}

async function readAsset(file: string): Promise<Uint8Array<ArrayBuffer>> {
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  return new Uint8Array(await readFile(join(folder, file)));
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
