import type { ReactNode } from 'react';

export interface LtrProps {
  readonly children: ReactNode;
  readonly className?: string;
}

/** Numbers, times and English words: left to right also in a page that is written from right to left. */
export function Ltr({ children, className }: LtrProps) {
  return (
    <bdi dir="ltr" className={className}>
      {children}
    </bdi>
  );
}
