import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { addressOf } from '../../src/http/callers.ts';
import type { AppEnv } from '../../src/http/router.ts';

/** The address that a service behind `trusted` proxies takes for the client's. */
async function clientOf(trusted: number, forwarded?: string): Promise<string> {
  const app = new Hono<AppEnv>().get('/', (c) => c.text(addressOf(trusted)(c) ?? ''));
  const headers: HeadersInit = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  const env = { incoming: { socket: { remoteAddress: '10.0.0.9' } } };
  return (await app.request('/', { headers }, env)).text();
}

it.each([
  [0, undefined, '10.0.0.9'],
  [0, '203.0.113.5', '10.0.0.9'],
  [1, undefined, '10.0.0.9'],
  [1, '203.0.113.5', '203.0.113.5'],
  [1, '198.51.100.1, 203.0.113.5', '203.0.113.5'],
  [2, '198.51.100.1, 203.0.113.5, 10.0.0.8', '203.0.113.5'],
  [2, '203.0.113.5', '10.0.0.9'],
])(
  'Behind %i proxies, X-Forwarded-For %o is %s: what a client wrote itself does not count',
  async (trusted, forwarded, client) => {
    expect(await clientOf(trusted, forwarded)).toBe(client);
  },
);
