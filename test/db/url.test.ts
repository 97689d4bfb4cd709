import { describe, expect, test } from 'vitest';
import { parseDatabaseUrl } from '../../src/db/url.ts';

describe('the database URL', () => {
  test('names user, password, host, port and database', () => {
    expect(parseDatabaseUrl('mysql://ada:p%40ss%2Fw%25rd@db.example:3307/codecraft')).toEqual({
      user: 'ada',
      password: 'p@ss/w%rd',
      host: 'db.example',
      port: 3307,
      database: 'codecraft',
    });
  });

  test('has MySQL’s port and root where it names none', () => {
    expect(parseDatabaseUrl('mariadb://localhost/live')).toEqual({
      user: 'root',
      password: '',
      host: 'localhost',
      port: 3306,
      database: 'live',
    });
  });

  test('may name a Unix socket, an IPv6 address or TLS', () => {
    expect(parseDatabaseUrl('mysql://root@localhost/live?socketPath=/run/a%20b.sock')).toMatchObject({
      socketPath: '/run/a b.sock',
    });
    expect(parseDatabaseUrl('mysql://root@[::1]:3306/live')).toMatchObject({ host: '::1' });
    expect(parseDatabaseUrl('mysql://root@db/live?ssl=true')).toMatchObject({
      ssl: { rejectUnauthorized: true, verifyIdentity: true },
    });
    expect(parseDatabaseUrl('mysql://root@db/live?ssl=no-verify')).toMatchObject({
      ssl: { rejectUnauthorized: false },
    });
  });

  test.each([
    ['not a url', 'must look like'],
    ['postgres://root:s3cret@db/live', 'must begin with mysql://'],
    ['mysql://root:s3cret@db', 'must name a database'],
    ['mysql://root:s3cret%@db/live', 'a % that is not part of an escape'],
    ['mysql://root:s3cret@db/live?ssl=maybe', 'ssl must be'],
  ])('%s is refused in a sentence without the password', (url, words) => {
    expect(() => parseDatabaseUrl(url)).toThrow(words);
    expect(() => parseDatabaseUrl(url)).not.toThrow('s3cret');
  });
});
