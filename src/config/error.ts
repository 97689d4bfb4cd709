/** Mistake in one variable. `problem` never contains the value of a secret. */
export interface Mistake {
  readonly variable: string;
  readonly problem: string;
}

/** Error of an invalid environment. The message lists every mistake, one per line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly mistakes: readonly Mistake[];

  constructor(mistakes: readonly Mistake[]) {
    const count = mistakes.length === 1 ? 'is one mistake' : `are ${mistakes.length} mistakes`;
    const lines = mistakes.map(({ variable, problem }) => `  ${variable}: ${problem}`);
    super(
      `There ${count} in the configuration (.env.example describes every variable):\n${lines.join('\n')}`,
    );
    this.mistakes = mistakes;
  }
}
