import { describe, expect, it } from 'vitest';
import { run } from './command.ts';

describe('The command line', () => {
  it('prints its version', async () => {
    expect(await run(['--version'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });

  it('lists its commands', async () => {
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    for (const command of ['start', 'token', 'tail', 'publish', 'migrate', 'doctor'])
      expect(out).toMatch(new RegExp(`^ {2}${command} `, 'm'));
    expect(out).toContain('LIVE_TOKEN');
  });

  it.each(['start', 'token', 'tail', 'publish', 'migrate', 'doctor'])('explains %s', async (command) => {
    const { code, out } = await run([command, '--help']);
    expect(code).toBe(0);
    expect(out).toContain(`Usage: codecraft-live ${command}`);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110);
  });

  it('helps after a mistyped command', async () => {
    const { code, out, err } = await run(['tial']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('Did you mean tail?');
  });

  it.each([
    [['tail', 'global', '--jsno'], "unknown option '--jsno'"],
    [['tail'], "missing required argument 'scope'"],
    [['start', '--port', '80'], "unknown option '--port'"],
    [['token', 'x'], 'too many arguments'],
    [['token', '--ttl'], "option '--ttl <time>' argument missing"],
  ])('refuses %j', async (args, why) => {
    const { code, err } = await run(args);
    expect(code).toBe(2);
    expect(err).toContain(why);
    expect(err).toContain('--help');
  });

  it('reports every mistake of the configuration', async () => {
    const { code, err } = await run(['token', '--user', '3'], { env: { PORT: 'x', LOG_LEVEL: 'y' } });
    expect(code).toBe(1);
    expect(err).toMatch(/PORT: "x".*\n.*LOG_LEVEL: "y"/);
  });
});
