import { expect, test } from 'vitest';
import { parseGrants } from '../../src/db/account-rights.ts';

const MARIADB = [
  "GRANT USAGE ON *.* TO `live`@`%` IDENTIFIED BY PASSWORD '*B69'",
  'GRANT SELECT, INSERT (`id`, `type`) ON `code_craft`.* TO `live`@`%`',
  'GRANT TRIGGER ON `code_craft`.`player` TO `live`@`%`',
];

test('rights on a table are those of the server, of the database and of the table', () => {
  const rights = parseGrants(MARIADB, 'code_craft');
  expect(rights.complete).toBe(true);
  expect([...rights.on('player')].toSorted()).toEqual(['INSERT', 'SELECT', 'TRIGGER', 'USAGE']);
  expect(rights.on('contest').has('TRIGGER')).toBe(false);
  expect(parseGrants(MARIADB, 'other').on('player').has('SELECT')).toBe(false);
});

test('the name of a database in a grant is a pattern, but not in a grant for one table', () => {
  const lines = ['GRANT SELECT ON `a_c%`.* TO `u`@`%`', 'GRANT DELETE ON `a_c`.`t` TO `u`@`%`'];
  expect(parseGrants(lines, 'abc1').on('t')).toEqual(new Set(['SELECT']));
  expect(parseGrants(lines, 'a_c').on('t')).toEqual(new Set(['SELECT', 'DELETE']));
  expect(parseGrants(['GRANT SELECT ON `a\\_c`.* TO `u`@`%`'], 'abc').on('t').size).toBe(0);
});

test('ALL PRIVILEGES are all, and roles make the list incomplete', () => {
  expect(parseGrants(['GRANT ALL PRIVILEGES ON *.* TO `u`@`%`'], 'x').on('t').has('TRIGGER')).toBe(true);
  expect(parseGrants(['GRANT `writers`@`%` TO `u`@`%`'], 'x').complete).toBe(false);
  expect(parseGrants(['REVOKE INSERT ON `x`.* FROM `u`@`%`'], 'x').complete).toBe(false);
  expect(parseGrants(["GRANT PROXY ON ''@'%' TO 'root'@'localhost'"], 'x').complete).toBe(true);
});
