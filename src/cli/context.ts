import { styleText } from 'node:util';
import { withoutControls } from './safe-text.ts';

/** Environment of a command: everything that it reads and writes outside the process. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: AsyncIterable<Uint8Array | string>;
  /** Results. */
  readonly out: Screen;
  /** Progress and errors. */
  readonly err: Screen;
  /** Aborted when the command must end: Ctrl-C, or the output is closed. */
  readonly signal: AbortSignal;
  readonly fetch: typeof fetch;
}

/** Output of text, a terminal or not. */
export interface Screen {
  readonly isTerminal: boolean;
  readonly hasColours: boolean;
  readonly columns: number;
  write(text: string): void;
  /** Writes one or more lines. Control characters become U+FFFD, except the colours of `paint`. */
  line(text?: string): void;
  /** Returns the text in a style, where there are colours. */
  paint(style: Style, text: string): string;
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan';

interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Makes a screen. Colours are for terminals, and never where `NO_COLOR` is set (no-color.org) or `TERM` is `dumb`. */
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
