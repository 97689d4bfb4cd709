import { describe, expect, test } from 'vitest';
import {
  asProblem,
  errnoOf,
  isDuplicate,
  isRetryable,
  isStorageError,
  isUnavailable,
} from '../../src/db/errors.ts';
import { Problem } from '../../src/protocol/problem.ts';

const serverError = (errno: number, more = {}) =>
  Object.assign(new Error('said by the server'), { errno, sqlState: 'HY000', ...more });
const wrapped = (cause: unknown) => new Error('Failed query', { cause });

describe('errors of the database', () => {
  test('the number is found beneath what drizzle wraps around it', () => {
    expect(errnoOf(wrapped(wrapped(serverError(1062))))).toBe(1062);
    expect(isDuplicate(wrapped(serverError(1062)))).toBe(true);
  });

  test('what is not the server’s has no number', () => {
    for (const error of [
      new Error('x'),
      Object.assign(new Error('x'), { errno: -111 }),
      'text',
      undefined,
      null,
    ]) {
      expect(errnoOf(error)).toBeUndefined();
    }
  });

  test.each([1020, 1205, 1213, 3101])('%i asks for the transaction to be run again', (errno) => {
    expect(isRetryable(wrapped(serverError(errno)))).toBe(true);
  });

  test.each([1062, 1064, 1146, 1969])('%i does not', (errno) => {
    expect(isRetryable(serverError(errno))).toBe(false);
  });

  test.each([
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'ENOTFOUND',
    'PROTOCOL_CONNECTION_LOST',
    'PROTOCOL_SEQUENCE_TIMEOUT',
  ])('%s means that the database is unavailable', (code) => {
    expect(isUnavailable(wrapped(Object.assign(new Error('x'), { code, errno: -1 })))).toBe(true);
  });

  test.each([1040, 1053, 1203, 1290, 1836, 1927, 4031])('%i means that it is unavailable', (errno) => {
    expect(isUnavailable(serverError(errno))).toBe(true);
  });

  test('a socket that is not there means that it is unavailable, another missing file does not', () => {
    const missing = (syscall: string) =>
      Object.assign(new Error('x'), { code: 'ENOENT', errno: -2, syscall });
    expect(isUnavailable(missing('connect'))).toBe(true);
    expect(isUnavailable(missing('open'))).toBe(false);
  });

  test('a wrong password is a mistake, not an outage', () => {
    expect(isUnavailable(serverError(1045, { fatal: true }))).toBe(false);
    expect(asProblem(serverError(1045, { fatal: true }))).toMatchObject({ code: 'storage-unavailable' });
  });

  test('an outage, a statement that took too long and retries that ran out are 503, with a time to try again', () => {
    for (const errno of [1040, 1969, 3024, 1205, 1213]) {
      expect(asProblem(serverError(errno))).toMatchObject({
        code: 'database-unavailable',
        options: { retryAfter: 1 },
      });
    }
  });

  test('what a server reports of space, writing and rights counts under any number, unless it quotes a value', () => {
    const said = (sqlMessage: string, more = {}) => serverError(1105, { sqlMessage, ...more });
    for (const message of [
      'Disk is full',
      'No space left on device (Errcode: 28)',
      'Access denied; ask',
      'running read-only',
    ])
      expect(isStorageError(wrapped(said(message)))).toBe(true);
    expect(isStorageError(said('nothing of the kind'))).toBe(false);
    const value = "Duplicate entry 'disk full' for key 'x'";
    expect(isStorageError(serverError(1062, { sqlMessage: value, sqlState: '23000' }))).toBe(false);
    expect(isStorageError(serverError(1366, { sqlMessage: "Incorrect string value: 'access denied'" }))).toBe(
      false,
    );
  });

  test('any other error, and any problem, is passed on as it is', () => {
    const duplicate = serverError(1062);
    const problem = new Problem('not-found');
    expect(asProblem(duplicate)).toBe(duplicate);
    expect(asProblem(problem)).toBe(problem);
    expect(isUnavailable(problem)).toBe(false);
    expect(isUnavailable(new Problem('database-unavailable'))).toBe(true);
  });
});
