import { describe, expect, it } from 'vitest';
import { anyOf } from '../../src/inbox/inbox-scopes.ts';

describe('A condition on many values', () => {
  it('is cut into lists that MariaDB reads as ranges of an index', () => {
    const values = Array.from({ length: 2500 }, (_, index) => index);
    const condition = anyOf('n.id', values);
    expect(condition.values.flat()).toEqual(values);
    expect(condition.values.every((list) => Array.isArray(list) && list.length < 1000)).toBe(true);
    expect(condition.sql.split('?')).toHaveLength(condition.values.length + 1);
  });

  it('holds for nothing when there is no value', () => {
    expect(anyOf('n.id', [])).toEqual({ sql: 'FALSE', values: [] });
  });
});
