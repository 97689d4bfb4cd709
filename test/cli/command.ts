import { type CliContext, createScreen } from '../../src/cli/context.ts';
import { runCli } from '../../src/cli/program.ts';
import { until } from '../support/until.ts';

export interface CommandOptions {
  readonly env?: Record<string, string>;
  readonly stdin?: string;
  readonly fetch?: typeof fetch;
  /** Whether what it writes to is a terminal. */
  readonly terminal?: boolean;
}

export interface Command {
  /** What it wrote so far. */
  readonly out: string;
  readonly err: string;
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number>;
  /** As Ctrl-C. */
  stop(): Promise<number>;
  /** Waits until it has written something to the standard output, or to the standard error. */
  said(text: string): Promise<void>;
}

/** A command line in this process, in context of its own. */
export function startCommand(args: readonly string[], options: CommandOptions = {}): Command {
  const { env = {}, stdin = '', terminal = false } = options;
  const ending = new AbortController();
  const written = { out: '', err: '' };
  const screen = (name: 'out' | 'err') => {
    const write = (text: string) => {
      written[name] += text;
    };
    return createScreen({ write, isTTY: terminal }, env);
  };
  const context: CliContext = {
    env,
    stdin: (async function* () {
      yield stdin;
    })(),
    out: screen('out'),
    err: screen('err'),
    signal: ending.signal,
    fetch: options.fetch ?? fetch,
  };
  const ended = runCli(args, context);
  return {
    get out() {
      return written.out;
    },
    get err() {
      return written.err;
    },
    ended,
    stop() {
      ending.abort();
      return ended;
    },
    async said(text) {
      await until(() => written.out.includes(text) || written.err.includes(text)).catch(() => {
        throw new Error(`It never said "${text}".\n${written.out}${written.err}`);
      });
    },
  };
}

/** A command line, from its beginning to its end. */
export async function run(
  args: readonly string[],
  options: CommandOptions = {},
): Promise<{ code: number; out: string; err: string }> {
  const command = startCommand(args, options);
  const code = await command.ended;
  return { code, out: command.out, err: command.err };
}
