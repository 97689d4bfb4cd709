import { describe, expect, it } from 'vitest';
import unit from '../../vitest.unit.config.ts';
import './setup.ts';
import { reached, unitTests } from './unit-tests.ts';

/** Modules named by a variable, so that this file counts as a unit test and meets the barrier at run time. */
const load = (module: string) => import(module);

describe('A unit test', () => {
  it('opens no database, whatever it imports', async () => {
    const { createConnection } = await load('mysql2/promise');
    expect(() => createConnection('mysql://root@127.0.0.1:4999/mysql')).toThrow(
      'A unit test opens no connection.',
    );
  });

  it('opens no socket and starts no process', async () => {
    await expect(fetch('http://127.0.0.1:4999')).rejects.toMatchObject({
      cause: { message: expect.stringContaining('A unit test opens no connection.') },
    });
    const { createServer } = await load('node:http');
    expect(() => createServer().listen(0)).toThrow('A unit test opens no server.');
    const { spawn } = await load('node:child_process');
    expect(() => spawn('true')).toThrow('A unit test opens no process.');
  });

  it('is distinguished from the others by its imports, also those of the fixtures that it uses', () => {
    expect(reached('test/protocol/cursor.test.ts')).toBeUndefined();
    expect(reached('test/auth/origin.test.ts')).toMatch(/^test\/support\/database/);
    expect(unitTests()).toContain('test/unit/unit-tests.test.ts');
  });

  it('runs without the database that the other tests share', () => {
    expect(unit.test).not.toHaveProperty('globalSetup');
    expect(unit.test?.setupFiles).toContain('test/unit/setup.ts');
    expect(unit.test?.include).toEqual(unitTests());
  });
});
