import { useEffect, useRef, useState } from 'react';

export interface QuietRegionProps {
  /** What is new. What follows within the pause replaces it: only the latest is said. */
  readonly message: string;
  /** Between two announcements, in ms. Default 5,000. */
  readonly pauseMs?: number;
}

/** A live region that does not shout: at most one announcement in a pause, and never over somebody's reading. */
export function QuietRegion({ message, pauseMs = 5_000 }: QuietRegionProps) {
  const [said, setSaid] = useState('');
  const last = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    if (message === '') return;
    const wait = Math.max(0, last.current + pauseMs - performance.now());
    const timer = setTimeout(() => {
      last.current = performance.now();
      setSaid(message);
    }, wait);
    return () => clearTimeout(timer);
  }, [message, pauseMs]);
  return (
    <p className="ccl-hidden" role="status" aria-live="polite">
      {said}
    </p>
  );
}
