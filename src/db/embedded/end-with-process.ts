const leftovers = new Set<() => void>();

/**
 * Has something killed when this process exits, for whatever reason but SIGKILL: a child in a process group of its own
 * outlives its parent otherwise. `kill` must be synchronous and may throw.
 *
 * @returns what takes it back, once there is nothing left to kill
 */
export function endWithProcess(kill: () => void): () => void {
  if (leftovers.size === 0) process.on('exit', killLeftovers);
  leftovers.add(kill);
  return () => {
    leftovers.delete(kill);
    if (leftovers.size === 0) process.off('exit', killLeftovers);
  };
}

function killLeftovers(): void {
  for (const kill of leftovers) {
    try {
      kill();
    } catch {
      // It is gone already.
    }
  }
}
