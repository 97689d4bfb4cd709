import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bundleClient } from '../support/client/client-bundle.ts';

describe('The client in a page', () => {
  it('is small, sharing included, and holds nothing of the server', async () => {
    const { script, files } = await bundleClient();
    const foreign = files.filter(
      (file) => file.startsWith('/') && !/\/src\/(client|protocol|util)\//.test(file),
    );
    expect(foreign.filter((file) => !file.includes('/node_modules/eventsource-parser/'))).toEqual([]);
    expect(files.filter((file) => /\/protocol\/(catalogue|event|fields)\.ts$/.test(file))).toEqual([]);
    expect(gzipSync(script).length).toBeLessThan(16_500);
  });
});
