/** The browser's storage of the tab (`session`) or of all tabs (`local`); undefined where the visitor allows none. */
function storageOf(reach: 'session' | 'local'): Storage | undefined {
  try {
    return reach === 'session' ? sessionStorage : localStorage;
  } catch {
    return undefined;
  }
}

/** What is stored under a name; undefined where there is nothing, or no storage. */
export function readStored(reach: 'session' | 'local', name: string): string | undefined {
  try {
    return storageOf(reach)?.getItem(name) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Stores a text, or removes what is stored. Without a storage, or in a full one, it lasts as long as the page. */
export function writeStored(reach: 'session' | 'local', name: string, text: string | undefined): void {
  try {
    if (text === undefined) storageOf(reach)?.removeItem(name);
    else storageOf(reach)?.setItem(name, text);
  } catch {
    // Full, or forbidden.
  }
}
