import { useEffect, useRef, useState } from 'react';

export interface QuietRegionProps {
  /** Message to announce. Of several within the pause only the latest is announced. */
  readonly message: string;
  /** Min time between two announcements, ms. Default 5,000. */
  readonly pauseMs?: number;
}

/** Throttled polite live region: at most one announcement per pause, which does not interrupt the screen reader. */
export function QuietRegion({ message, pauseMs = 5_000 }: QuietRegionProps) {
  const [announced, setAnnounced] = useState('');
  const last = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    if (message === '') return;
    const wait = Math.max(0, last.current + pauseMs - performance.now());
    const timer = setTimeout(() => {
      last.current = performance.now();
      setAnnounced(message);
    }, wait);
    return () => clearTimeout(timer);
  }, [message, pauseMs]);
  return (
    <p className="ccl-hidden" role="status" aria-live="polite">
      {announced}
    </p>
  );
}
