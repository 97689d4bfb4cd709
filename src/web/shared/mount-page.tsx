import { type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { FaultScreen } from './fault-screen.tsx';
import { applyStoredTheme } from './theme.tsx';

/**
 * Mounts a page in its document, in the stored theme, with a fault screen around it.
 * @param reset deletes what the page stored, before it is loaded again after a fault
 */
export function mountPage(page: ReactNode, reset: () => void): void {
  applyStoredTheme();
  createRoot(document.getElementById('page') as HTMLElement).render(
    <StrictMode>
      <FaultScreen onReset={reset}>{page}</FaultScreen>
    </StrictMode>,
  );
}
