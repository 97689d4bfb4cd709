import { useSyncExternalStore } from 'react';

const PATTERN = /^#contest-([1-9][0-9]{0,15})$/;

/** The contest in the address's fragment, so that it survives a reload and can be shared. */
export function useChosenContest(): number | undefined {
  return useSyncExternalStore(watchHash, () => {
    const digits = PATTERN.exec(location.hash)?.[1];
    return digits === undefined ? undefined : Number(digits);
  });
}

export function chooseContest(id: number): void {
  location.hash = `contest-${id}`;
}

function watchHash(changed: () => void): () => void {
  window.addEventListener('hashchange', changed);
  return () => window.removeEventListener('hashchange', changed);
}
