import { describe, expect, it } from 'vitest';
import { eventTypeOf, parseDuration } from '../../src/cli/arguments.ts';
import { createScreen } from '../../src/cli/context.ts';
import { safeJson, safeLines, safeText } from '../../src/cli/safe-text.ts';
import { serviceUrl } from '../../src/cli/service-url.ts';

describe('A duration', () => {
  it.each([
    ['90s', 90],
    ['30m', 1800],
    ['12h', 43_200],
    ['7d', 604_800],
    ['2w', 1_209_600],
  ])('%s is %i seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each(['', '7', 'd', '0d', '-1d', '1.5h', '7 d', '7y', '1e3s', '99999d', '007d'])(
    'is not "%s"',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );
});

describe('Text of others', () => {
  it('cannot steer a terminal', () => {
    const hostile = 'a\u001b[2Jb\u009b31mc\u0007d\u202ee\u2066f\u0000g\u007fh';
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(safeText(hostile)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e\u2066]/);
    expect(safeText(hostile)).toMatch(/^a.\[2Jb.31mc.d.e.f.g.h$/u);
  });

  it('stays on one line', () => {
    expect(safeText('one\r\n two\n\nthree\u2028four\tfive')).toBe('one two three four five');
  });

  it('keeps the lines that an explanation has, each of them safe', () => {
    expect(safeLines('wrong:\n  /data  a\u001b[31m\u202eb\r\n  /type')).toBe(
      'wrong:\n  /data  a\ufffd[31m\ufffdb\n  /type',
    );
  });

  it('keeps its letters, marks and emoji', () => {
    const text = 'Tomás 日本 नमस्ते 👩‍💻 🏆';
    expect(safeText(text)).toBe(text);
  });

  it('survives as JSON unchanged', () => {
    const hostile = { text: 'a\u001b[2J\u009b\u2028\u202e"\\' };
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(safeJson(hostile)).toMatch(/^[^\u0000-\u001f\u007f-\u009f\u2028\u202e]*$/);
    expect(JSON.parse(safeJson(hostile))).toEqual(hostile);
  });
});

describe('The address of the service', () => {
  it.each([
    [undefined, {}, 'http://127.0.0.1:4400/'],
    [undefined, { PORT: '8080' }, 'http://127.0.0.1:8080/'],
    [undefined, { PORT: '0' }, 'http://127.0.0.1:4400/'],
    [undefined, { HOST: '0.0.0.0' }, 'http://127.0.0.1:4400/'],
    [undefined, { HOST: '::1', PORT: '81' }, 'http://[::1]:81/'],
    [undefined, { LIVE_URL: 'https://live.example/x?y#z' }, 'https://live.example/x/'],
    ['localhost:4400', { LIVE_URL: 'https://live.example' }, 'http://localhost:4400/'],
    ['https://live.example/base/', {}, 'https://live.example/base/'],
  ])('%s with %j is %s', (given, env, url) => {
    expect(serviceUrl(given, env).href).toBe(url);
  });

  it.each(['', 'ftp://live.example', 'http://', 'http://user:secret@live.example', 'http://a b'])(
    'is not "%s"',
    (given) => {
      expect(() => serviceUrl(given, {})).toThrow(/address/);
    },
  );
});

describe('A type of event', () => {
  it('is known by its name and by its SSE name', () => {
    expect(eventTypeOf('LEVEL_UP', 'public')).toBe('LEVEL_UP');
    expect(eventTypeOf(' level-up ', 'public')).toBe('LEVEL_UP');
  });

  it('can be subscribed to without being publishable', () => {
    expect(eventTypeOf('receipts', 'all')).toBe('RECEIPTS');
    expect(() => eventTypeOf('receipts', 'public')).toThrow(/can be published\. Types are LEVEL_UP, /);
  });
});

describe('A screen', () => {
  const painted = (isTTY: boolean, env: Record<string, string>) =>
    createScreen({ write: () => {}, isTTY }, env).paint('red', 'x');

  it('has colours on a terminal', () => {
    expect(painted(true, {})).toBe('\u001b[31mx\u001b[39m');
    expect(painted(true, { NO_COLOR: '' })).toBe('\u001b[31mx\u001b[39m');
  });

  it('lets nothing steer it that went past all care, and keeps its own colours', () => {
    const shown = (isTTY: boolean) => {
      let written = '';
      const screen = createScreen(
        {
          write: (text) => {
            written += text;
          },
          isTTY,
        },
        {},
      );
      screen.line(`${screen.paint('red', 'a')}\u001b[2J\u009b2J\u202e\u0007\r b\n\tc`);
      return written;
    };
    expect(shown(true)).toBe('\u001b[31ma\u001b[39m\ufffd[2J\ufffd2J\ufffd\ufffd\ufffd b\n\tc\n');
    expect(shown(false)).toBe('a\ufffd[2J\ufffd2J\ufffd\ufffd\ufffd b\n\tc\n');
  });

  it('has none elsewhere, with NO_COLOR, or on a terminal without', () => {
    expect(painted(false, {})).toBe('x');
    expect(painted(true, { NO_COLOR: '1' })).toBe('x');
    expect(painted(true, { TERM: 'dumb' })).toBe('x');
  });
});
