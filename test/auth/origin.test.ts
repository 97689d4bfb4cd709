import { describe, expect, it } from 'vitest';
import { isListedOrigin, requireCookieOrigin } from '../../src/auth/origin.ts';
import { request } from './fixture.ts';

const OWN = 'https://live.example';
const rules = { listed: ['https://codecraft.example'], loopback: false };

interface Case {
  readonly method?: string;
  readonly origin?: string;
  readonly site?: string;
  readonly headers?: Record<string, string>;
  readonly trustProxy?: number;
  readonly loopback?: boolean;
  readonly at?: string;
}

function accepts({
  method = 'GET',
  origin,
  site,
  headers = {},
  trustProxy = 0,
  loopback = false,
  at = OWN,
}: Case) {
  const all = {
    ...headers,
    ...(origin === undefined ? {} : { origin }),
    ...(site === undefined ? {} : { 'sec-fetch-site': site }),
  };
  try {
    requireCookieOrigin(request({ method, headers: all, origin: at }), {
      origins: { ...rules, loopback },
      trustProxy,
    });
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'origin-not-allowed', status: 403 });
    return false;
  }
}

const proxied = { host: 'node-1:4400', 'x-forwarded-host': 'live.example', 'x-forwarded-proto': 'https' };
const inside = 'http://node-1:4400';

describe('the cookie', () => {
  const cases: [what: string, accepted: boolean, given: Case][] = [
    ['a listed origin', true, { origin: 'https://codecraft.example', site: 'cross-site', method: 'POST' }],
    ['its own origin', true, { origin: OWN, method: 'DELETE' }],
    ['its own origin with the port spelt out', true, { origin: OWN, headers: { host: 'live.example:443' } }],
    ['its own host over http', false, { origin: 'http://live.example' }],
    ['its own host on another port', false, { origin: 'https://live.example:8443' }],
    ['a subdomain', false, { origin: 'https://evil.live.example' }],
    ['a name that begins like a listed one', false, { origin: 'https://codecraft.example.evil.example' }],
    ['a listed host over http', false, { origin: 'http://codecraft.example' }],
    ['another site', false, { origin: 'https://evil.example' }],
    ['another site that says it is this one', false, { origin: 'https://evil.example', site: 'same-origin' }],
    ['an opaque origin', false, { origin: 'null' }],
    ['an empty origin', false, { origin: '' }],
    ['two origins', false, { origin: `https://evil.example ${OWN}` }],

    ['a read without any hint', true, {}],
    ['a HEAD without any hint', true, { method: 'HEAD' }],
    ['a same-origin read', true, { site: 'same-origin' }],
    ['the address bar', true, { site: 'none' }],
    ['a same-site read', true, { site: 'same-site' }],
    ['a cross-site read', false, { site: 'cross-site' }],
    ['an unknown hint', false, { site: 'whatever' }],
    ['a write without any hint', false, { method: 'POST' }],
    ['a same-origin write', true, { method: 'PUT', site: 'same-origin' }],
    ['a write by hand', true, { method: 'POST', site: 'none' }],
    ['a same-site write without an origin', false, { method: 'POST', site: 'same-site' }],
    ['a cross-site write', false, { method: 'POST', site: 'cross-site' }],
    ['an unknown method', false, { method: 'PURGE' }],

    ['localhost in development', true, { origin: 'http://localhost:5173', loopback: true }],
    ['127.0.0.1 in development', true, { origin: 'http://127.0.0.1:3000', loopback: true }],
    ['localhost in production', false, { origin: 'http://localhost:5173' }],
    ['a name that begins like localhost', false, { origin: 'http://localhost.evil.example', loopback: true }],

    [
      'its own origin behind a trusted proxy',
      true,
      { at: inside, headers: proxied, origin: OWN, trustProxy: 1 },
    ],
    [
      'its own origin behind a proxy that is not trusted',
      false,
      { at: inside, headers: proxied, origin: OWN },
    ],
    [
      'what stands before the value of the trusted proxy',
      false,
      {
        at: inside,
        origin: 'https://evil.example',
        headers: { ...proxied, 'x-forwarded-host': 'evil.example, live.example' },
        trustProxy: 1,
      },
    ],
    [
      'the outer one of two trusted proxies',
      true,
      {
        at: inside,
        origin: OWN,
        headers: {
          ...proxied,
          'x-forwarded-host': 'evil.example, live.example, node-1',
          'x-forwarded-proto': 'https',
        },
        trustProxy: 2,
      },
    ],
    [
      'a forwarded host that is none',
      false,
      { at: inside, origin: 'https://', headers: { ...proxied, 'x-forwarded-host': '' }, trustProxy: 1 },
    ],
  ];

  it.each(cases)('is judged by who asks: %s → %s', (_what, accepted, given) => {
    expect(accepts(given)).toBe(accepted);
  });
});

describe('isListedOrigin', () => {
  it('compares origins by their exact spelling', () => {
    const listed = (origin: string) => isListedOrigin(rules, origin);
    expect(listed('https://codecraft.example')).toBe(true);
    expect(listed('https://codecraft.example/')).toBe(false);
    expect(listed('*')).toBe(false);
  });
});
