/** The browser's storage of the tab (`session`) or of all tabs (`local`); undefined where the visitor allows none. */
export function storageOf(reach: 'session' | 'local'): Storage | undefined {
  try {
    return reach === 'session' ? sessionStorage : localStorage;
  } catch {
    return undefined;
  }
}
