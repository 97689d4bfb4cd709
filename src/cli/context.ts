import { styleText } from 'node:util';
import { withoutControls } from './safe-text.ts';

/** All that a command has of the world around it. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: AsyncIterable<Uint8Array | string>;
  /** For what was asked for. */
  readonly out: Screen;
  /** For what is said about it. */
  readonly err: Screen;
  /** Aborted when the command shall end: Ctrl-C, or nobody reads any more. */
  readonly signal: AbortSignal;
  readonly fetch: typeof fetch;
}

/** Where text goes. */
export interface Screen {
  readonly isTerminal: boolean;
  readonly hasColours: boolean;
  readonly columns: number;
  write(text: string): void;
  /** A line, or several. Control characters in it become U+FFFD, but for the colours of `paint`. */
  line(text?: string): void;
  /** The text in a style, where there are colours. */
  paint(style: Style, text: string): string;
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan';

interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Colours are for terminals, and never where `NO_COLOR` is set (no-color.org) or the terminal has none. */
export function createScreen(output: Output, env: CliContext['env']): Screen {
  const isTerminal = output.isTTY === true;
  const hasColours = isTerminal && !env.NO_COLOR && env.TERM !== 'dumb';
  return {
    isTerminal,
    hasColours,
    get columns() {
      return output.columns ?? 100;
    },
    write: (text) => void output.write(text),
    line: (text = '') => void output.write(`${withoutControls(text, hasColours)}\n`),
    paint: (style, text) => (hasColours ? styleText(style, text, { validateStream: false }) : text),
  };
}
