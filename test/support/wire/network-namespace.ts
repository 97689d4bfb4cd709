import { type ChildProcess, spawn, spawnSync } from 'node:child_process';

/** Network of its own on this machine, in which clients run and from which they can vanish. */
export interface NetworkNamespace {
  /** Address of this machine, as its processes see it. */
  readonly host: string;
  /** Starts a program in it. */
  spawn(program: string, args: readonly string[], env?: Record<string, string>): ChildProcess;
  /** From now on nothing that is sent to it is answered, not even with an error. */
  vanish(): void;
  remove(): void;
}

const NAME = `live${process.pid % 100_000}`;
const NETWORK = '10.213.77';

/** Opens one; undefined where that is not possible: it needs Linux, its `ip`, and the rights of an administrator. */
export function openNetworkNamespace(): NetworkNamespace | undefined {
  if (process.platform !== 'linux' || !ip('netns', 'add', NAME)) return undefined;
  const [outer, inner] = [`${NAME}a`, `${NAME}b`];
  const inside = (...args: string[]) => ip('-n', NAME, ...args);
  const remove = () => {
    ip('netns', 'delete', NAME);
    ip('link', 'delete', outer);
  };
  const opened =
    ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', inner, 'netns', NAME) &&
    inside('link', 'set', inner, 'address', '02:00:00:00:77:02') &&
    ip('address', 'add', `${NETWORK}.1/24`, 'dev', outer) &&
    ip('link', 'set', outer, 'up') &&
    inside('address', 'add', `${NETWORK}.2/24`, 'dev', inner) &&
    inside('link', 'set', inner, 'up') &&
    // As behind a router: the way to the machine is known, also when it is not there any more.
    ip(
      'neighbour',
      'replace',
      `${NETWORK}.2`,
      'lladdr',
      '02:00:00:00:77:02',
      'dev',
      outer,
      'nud',
      'permanent',
    );
  if (!opened) {
    remove();
    return undefined;
  }
  return {
    host: `${NETWORK}.1`,
    spawn: (program, args, env = {}) =>
      spawn('ip', ['netns', 'exec', NAME, program, ...args], {
        env: { PATH: process.env.PATH ?? '', ...env },
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    vanish: () => void inside('address', 'flush', 'dev', inner),
    remove,
  };
}

function ip(...args: string[]): boolean {
  return spawnSync('ip', args, { stdio: 'ignore' }).status === 0;
}
