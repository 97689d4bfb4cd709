import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { ConfigError } from '../../src/config/error.ts';
import { VARIABLES } from '../../src/config/variables.ts';
import { createPlatformClock } from '../../src/platform/clock.ts';

const STRONG = 'q7Jx2mV9rT4wZ8bN5cK1yH6dF3sG0pL5';
const PRODUCTION = {
  NODE_ENV: 'production',
  JWT_SECRET: STRONG,
  DATABASE_URL: 'mysql://live:pw@db/codecraft',
};

function mistakesOf(env: Record<string, string>): string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.mistakes.map(({ variable, problem }) => `${variable}: ${problem}`);
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  it('needs nothing in development: the embedded database, this machine only', () => {
    const config = loadConfig({});
    expect(config).toMatchObject({
      mode: 'development',
      dataDirectory: resolve('.data'),
      http: {
        port: 4400,
        host: '127.0.0.1',
        origins: { listed: [], loopback: true },
        trustProxy: 0,
        metrics: 'public',
      },
      database: { kind: 'embedded', directory: resolve('.data'), poolSize: 10 },
      auth: {
        secret: undefined,
        liveSecret: undefined,
        jwksUrl: undefined,
        algorithms: ['HS256'],
        ticketTtlS: 60,
      },
      stream: {
        heartbeatMs: 15_000,
        heartbeatTimeoutMs: 60_000,
        maxAgeMs: 3_600_000,
        maxUnsentBytes: 1_048_576,
      },
      retention: { player: 90 * 86_400_000, nudge: 900_000, leaderboard: 900_000 },
      demo: { enabled: true, intervalMs: 10_000 },
      log: { level: 'info' },
    });
  });

  it('listens on every interface, keeps metrics private and trusts no localhost in production', () => {
    expect(loadConfig(PRODUCTION)).toMatchObject({
      http: { host: '0.0.0.0', origins: { loopback: false }, metrics: 'private' },
      database: { kind: 'url', url: PRODUCTION.DATABASE_URL },
      demo: { enabled: false },
    });
  });

  it('takes blank values for none', () => {
    expect(loadConfig({ PORT: ' ', JWT_SECRET: '', DATABASE_URL: '' })).toEqual(loadConfig({}));
  });

  it('takes secrets to the letter and everything else without the blanks around it', () => {
    const config = loadConfig({ JWT_SECRET: ' with blanks ', PORT: ' 5000 ' });
    expect([config.auth.secret, config.http.port]).toEqual([' with blanks ', 5000]);
  });

  it("builds the database's URL from the platform's names, whatever the password holds", () => {
    const base = { JWT_SECRET: STRONG, DB_HOST: 'db', DB_USER: 'app' };
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => text.trim() !== ''),
        (password) => {
          const { database } = loadConfig({ ...base, DB_PASSWORD: password });
          const url = new URL(database.kind === 'url' ? database.url : '');
          expect(decodeURIComponent(url.password)).toBe(password);
          expect([url.hostname, url.port, url.username, url.pathname]).toEqual([
            'db',
            '3306',
            'app',
            '/codecraft',
          ]);
        },
      ),
    );
  });

  it('brackets an IPv6 address of the database', () => {
    const { database } = loadConfig({ JWT_SECRET: STRONG, DB_HOST: '::1', DB_PORT: '3307' });
    expect(database).toMatchObject({ url: 'mysql://root:@[::1]:3307/codecraft' });
  });

  it('prefers DATABASE_URL to the single variables', () => {
    const { database } = loadConfig({ ...PRODUCTION, DB_HOST: 'elsewhere' });
    expect(database).toMatchObject({ url: PRODUCTION.DATABASE_URL });
  });

  it('takes the platform to be in the zone that is set, else in that of its server', () => {
    expect(loadConfig({}).platform.timeZone).toBeUndefined();
    for (const PLATFORM_TIME_ZONE of ['+05:30', '-11:00', 'Asia/Kolkata', 'UTC']) {
      expect(loadConfig({ PLATFORM_TIME_ZONE }).platform.timeZone).toBe(PLATFORM_TIME_ZONE);
      expect(createPlatformClock(PLATFORM_TIME_ZONE).instant({ at: new Date(0) }, 'at')).toBeInstanceOf(Date);
    }
  });

  it('reads origins in their canonical spelling', () => {
    const { http } = loadConfig({ FRONTEND_URLS: 'HTTPS://Codecraft.Example/ , http://localhost:5173,' });
    expect(http.origins.listed).toEqual(['https://codecraft.example', 'http://localhost:5173']);
  });

  it('accepts public-key signatures by default with a JWKS, and both beside a secret', () => {
    const JWKS_URL = 'https://id.example/jwks.json';
    expect(loadConfig({ JWKS_URL }).auth.algorithms).toEqual(['RS256', 'ES256', 'EdDSA']);
    expect(loadConfig({ JWKS_URL, JWT_SECRET: STRONG }).auth.algorithms).toEqual([
      'HS256',
      'RS256',
      'ES256',
      'EdDSA',
    ]);
  });
});

describe('ConfigError', () => {
  it('reports every mistake at once, one line each, each naming its variable', () => {
    const env = {
      NODE_ENV: 'production',
      PORT: '70000',
      HOST: 'my host',
      FRONTEND_URLS: '*, https://a.example/path, nonsense',
      METRICS: 'secret',
      TRUST_PROXY: '-1',
      JWT_SECRET: 'secret',
      LIVE_SECRET: 'your_super_secret_jwt_key_2024_in_production',
      JWKS_URL: 'http://id.example/keys',
      JWT_ALGORITHMS: 'none',
      HEARTBEAT_INTERVAL: '15s',
      DEMO: 'maybe',
      DB_NAME: 'codecraft',
    };
    const mistakes = mistakesOf(env);
    expect(mistakes).toEqual([
      'PORT: "70000" is not a whole number from 0 to 65535',
      'HOST: "my host" is not a host name or an address, without port',
      expect.stringMatching(/^FRONTEND_URLS: "\*" would let any site/),
      'FRONTEND_URLS: "https://a.example/path" is not an origin such as https://codecraft.example',
      'FRONTEND_URLS: "nonsense" is not an origin such as https://codecraft.example',
      'TRUST_PROXY: "-1" is not a whole number of proxies from 0 to 10',
      'METRICS: "secret" is not one of public, private',
      expect.stringMatching(/^JWT_ALGORITHMS: "none" is not a comma-separated list out of HS256/),
      'HEARTBEAT_INTERVAL: "15s" is not a whole number of ms from 50 to 60000',
      'DEMO: "maybe" is not on, off or on-this-database',
      'DB_HOST: is missing although DB_NAME is set; expected the host of the database',
      'JWT_SECRET: is shorter than 32 bytes; make one with `openssl rand -base64 32` and give the platform the same',
      expect.stringMatching(/^LIVE_SECRET: is a well-known or guessable secret/),
      expect.stringMatching(/^JWKS_URL: is not https/),
    ]);
    expect(() => loadConfig(env)).toThrow(/^There are 14 mistakes in the configuration/);
  });

  it('never shows a secret', () => {
    const hidden = ['hunter2hunter2', 'pa55w0rd', 'tok3n'];
    const text = mistakesOf({
      NODE_ENV: 'production',
      JWT_SECRET: 'hunter2',
      LIVE_SECRET: 'hunter2hunter2',
      DATABASE_URL: 'postgres://u:pa55w0rd@h/d?ssl=maybe',
      JWKS_URL: 'ftp://u:pa55w0rd@h/?key=tok3n',
      FRONTEND_URLS: 'https://u:pa55w0rd@h',
    }).join('\n');
    expect(text.split('\n')).toHaveLength(5);
    for (const secret of hidden) expect(text).not.toContain(secret);
  });

  it.each([
    'secret',
    'changeme',
    'your-secret-key',
    'jwt_secret',
    'your_jwt_secret_key_here',
    'codecraft-super-secret-key',
    'change-me-in-production',
    'aaaaaaaaaaaaaaaaaaaaaaaa',
    'secretsecretsecret',
    'my super secret password',
    '12345678901234567890',
  ])('refuses the secret %j in production', (JWT_SECRET) => {
    expect(mistakesOf({ ...PRODUCTION, JWT_SECRET })).toEqual([expect.stringMatching(/^JWT_SECRET: is /)]);
  });

  it('requires 32 bytes of a secret in production, counted as they are signed with', () => {
    const short = STRONG.slice(0, 31);
    const withoutSecret = { NODE_ENV: 'production', DATABASE_URL: PRODUCTION.DATABASE_URL };
    expect(mistakesOf({ ...withoutSecret, JWT_SECRET: short })).toEqual([
      'JWT_SECRET: is shorter than 32 bytes; make one with `openssl rand -base64 32` and give the platform the same',
    ]);
    expect(mistakesOf({ ...PRODUCTION, LIVE_SECRET: short })).toEqual([
      'LIVE_SECRET: is shorter than 32 bytes; make one with `openssl rand -base64 32`',
    ]);
    expect(mistakesOf({ ...PRODUCTION, JWT_SECRET: `${short}é` })).toEqual([]);
    expect(mistakesOf({ JWT_SECRET: 'short' })).toEqual([]);
  });

  it('explains how to make a secret that is missing', () => {
    const { JWT_SECRET: _, ...rest } = PRODUCTION;
    expect(mistakesOf(rest)[0]).toContain('openssl rand -base64 32');
    expect(mistakesOf({ ...rest, JWKS_URL: 'https://id.example/k' })[0]).toContain('openssl rand -base64 32');
  });

  it('refuses a database whose certificate is not verified in production', () => {
    const DATABASE_URL = `${PRODUCTION.DATABASE_URL}?ssl=no-verify`;
    expect(mistakesOf({ ...PRODUCTION, DATABASE_URL })).toEqual([
      expect.stringMatching(/^DATABASE_URL: has ssl=no-verify, .* expected ssl=true/),
    ]);
    expect(mistakesOf({ JWT_SECRET: STRONG, DATABASE_URL })).toEqual([]);
  });

  it.each(['on', 'true', 'on-this-database'])('refuses the demo (%s) in production', (DEMO) => {
    expect(mistakesOf({ ...PRODUCTION, DEMO })).toEqual([
      expect.stringMatching(/^DEMO: is on, and in production there is no demo/),
    ]);
    expect(mistakesOf({ ...PRODUCTION, DEMO: 'off' })).toEqual([]);
  });

  it('requires a word more for the demo in a database that it does not run itself', () => {
    const beside = { JWT_SECRET: STRONG, DATABASE_URL: 'mysql://db/codecraft' };
    for (const database of [beside, { JWT_SECRET: STRONG, DB_HOST: 'db' }]) {
      expect(mistakesOf({ ...database, DEMO: 'on' })).toEqual([
        expect.stringMatching(/^DEMO: is on beside a database .* set DEMO=on-this-database$/),
      ]);
      expect(loadConfig({ ...database, DEMO: 'on-this-database' }).demo).toMatchObject({
        enabled: true,
        besideOthers: true,
      });
      expect(loadConfig(database).demo.enabled).toBe(false);
    }
    expect(loadConfig({ DEMO: 'on' }).demo).toMatchObject({ enabled: true, besideOthers: false });
  });

  it('takes any random secret', () => {
    const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 64 });
    fc.assert(
      fc.property(
        hex.filter((text) => new Set(text).size > 7),
        (JWT_SECRET) => {
          expect(mistakesOf({ ...PRODUCTION, JWT_SECRET })).toEqual([]);
        },
      ),
    );
  });

  it('requires a real secret wherever the database is not the embedded one', () => {
    const { JWT_SECRET: _, ...rest } = PRODUCTION;
    expect(mistakesOf(rest)).toEqual([expect.stringMatching(/^JWT_SECRET: is missing; in production/)]);
    expect(mistakesOf({ DATABASE_URL: 'mysql://db/codecraft' })).toEqual([
      expect.stringMatching(/^JWT_SECRET: is missing; with a database that others use too/),
    ]);
  });

  it('requires LIVE_SECRET where a JWKS leaves nothing to derive it from', () => {
    const { JWT_SECRET: _, ...rest } = PRODUCTION;
    const env = { ...rest, JWKS_URL: 'https://id.example/jwks.json' };
    expect(mistakesOf(env)).toEqual([expect.stringMatching(/^LIVE_SECRET: is missing/)]);
    expect(mistakesOf({ ...env, LIVE_SECRET: STRONG })).toEqual([]);
  });

  it('refuses the embedded database in production', () => {
    expect(mistakesOf({ NODE_ENV: 'production', JWT_SECRET: STRONG })).toEqual([
      expect.stringMatching(/^DATABASE_URL: is missing, and so is DB_HOST/),
    ]);
  });

  it.each(['5:30', '+5:30', '+0530', '+15:00', 'Asia/Atlantis', 'SYSTEM'])(
    'refuses the time zone %s',
    (PLATFORM_TIME_ZONE) => {
      expect(mistakesOf({ PLATFORM_TIME_ZONE })).toEqual([
        `PLATFORM_TIME_ZONE: "${PLATFORM_TIME_ZONE}" is not a time zone such as +05:30 or Asia/Kolkata`,
      ]);
    },
  );

  it.each([
    ['nonsense', 'cannot be read as a URL'],
    ['postgres://h/d', 'begins with postgres:'],
    ['mysql://h', 'names no database'],
    ['mysql://u:100%@h/d', 'has a %'],
    ['mysql://h/d?ssl=maybe', 'has an ssl parameter'],
    ['mysql://h/d?ca=/ca.pem', 'has a ca parameter without ssl=true'],
    ['mysql://h/d?ssl=no-verify&ca=/ca.pem', 'has a ca parameter without ssl=true'],
    ['mysql://h/d?ssl=true&ca=/nowhere/ca.pem', 'names /nowhere/ca.pem as ca, which cannot be read (ENOENT)'],
  ])('refuses DATABASE_URL %s', (DATABASE_URL, why) => {
    const [mistake] = mistakesOf({ JWT_SECRET: STRONG, DATABASE_URL });
    expect(mistake).toContain(`DATABASE_URL: ${why}`);
  });

  it('refuses algorithms without their key', () => {
    expect(mistakesOf({ JWT_SECRET: STRONG, JWT_ALGORITHMS: 'HS256,RS256' })).toEqual([
      'JWT_ALGORITHMS: lists RS256, which needs JWKS_URL',
    ]);
    expect(mistakesOf({ JWKS_URL: 'https://id.example/k', JWT_ALGORITHMS: 'HS256' })).toEqual([
      'JWT_ALGORITHMS: lists HS256, which needs JWT_SECRET',
    ]);
  });

  it('refuses a heartbeat timeout that a single late heartbeat would pass', () => {
    expect(mistakesOf({ HEARTBEAT_TIMEOUT: '20000' })).toEqual([
      'HEARTBEAT_TIMEOUT: 20000 is less than twice HEARTBEAT_INTERVAL (15000)',
    ]);
  });

  it('needs a port for each worker beside the one that they share', () => {
    expect(loadConfig({ WORKERS: '4', WORKER_PORTS: '4401' })).toMatchObject({
      workers: 4,
      http: { workerPorts: 4401 },
    });
    expect(mistakesOf({ WORKERS: '4', WORKER_PORTS: '4398' })).toEqual([
      'WORKER_PORTS: 4398 to 4401 contain PORT (4400), which all workers share',
    ]);
    expect(mistakesOf({ WORKERS: '4', WORKER_PORTS: '65533' })).toEqual([
      'WORKER_PORTS: 65533 leaves no port for each of 4 workers',
    ]);
  });

  it('closes streams over the last part of the drain: half of it and 3 s at most, unless it is set', () => {
    const spread = (env: Record<string, string>) => loadConfig(env).http.spreadMs;
    expect(spread({})).toBe(0);
    expect(spread(PRODUCTION)).toBe(2_500);
    expect(spread({ SHUTDOWN_DRAIN_MS: '60000' })).toBe(3_000);
    expect(spread({ ...PRODUCTION, SHUTDOWN_SPREAD_MS: '4000' })).toBe(4_000);
    expect(mistakesOf({ ...PRODUCTION, SHUTDOWN_SPREAD_MS: '6000' })).toEqual([
      'SHUTDOWN_SPREAD_MS: 6000 is more than SHUTDOWN_DRAIN_MS (5000), of which it is the last part',
    ]);
  });
});

describe('.env.example', () => {
  const documented = async () => {
    const text = await readFile('.env.example', 'utf8');
    return [...text.matchAll(/^#?([A-Z][A-Z_]*)=(.*)$/gm)].map(
      ([, name = '', value = '']) => [name, value] as const,
    );
  };

  it('documents every variable that is read, and no other', async () => {
    const names = (await documented()).map(([name]) => name);
    expect(names.sort()).toEqual(Object.keys(VARIABLES.shape).sort());
  });

  it('shows the defaults that are in force', async () => {
    const database = /^DB_/;
    const values = (await documented()).filter(([name]) => !database.test(name));
    expect(loadConfig(Object.fromEntries(values))).toEqual(loadConfig({}));
    const platform = Object.fromEntries((await documented()).filter(([name]) => database.test(name)));
    const base = { JWT_SECRET: STRONG, DB_HOST: 'db' };
    expect(loadConfig({ ...platform, ...base })).toEqual(loadConfig(base));
  });
});
