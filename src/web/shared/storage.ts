/** Storage of the tab (`session`) or of all tabs (`local`); undefined where the browser blocks it. */
function storageOf(reach: 'session' | 'local'): Storage | undefined {
  try {
    return reach === 'session' ? sessionStorage : localStorage;
  } catch {
    return undefined;
  }
}

/** Reads a stored text; undefined for none, or without a storage. */
export function readStored(reach: 'session' | 'local', name: string): string | undefined {
  try {
    return storageOf(reach)?.getItem(name) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Stores a text, or with `undefined` removes it. Does nothing without a storage, or in a full one. */
export function writeStored(reach: 'session' | 'local', name: string, text: string | undefined): void {
  try {
    if (text === undefined) storageOf(reach)?.removeItem(name);
    else storageOf(reach)?.setItem(name, text);
  } catch {
    // Full, or blocked.
  }
}
