import type { ReactNode } from 'react';
import { Brand } from './brand.tsx';
import { ThemeButton } from './theme.tsx';

const PAGES = [
  ['./', 'Arena'],
  ['debug', 'Debug'],
  ['ops', 'Ops'],
] as const;

export interface ToolBarProps {
  /** Name of the current page in the bar. */
  readonly here: (typeof PAGES)[number][1];
  /** State of the connection, and the viewer. */
  readonly children?: ReactNode;
}

/** Bar of the debugger and of the operator's page: links to the other pages, and the state of the connection. */
export function ToolBar({ here, children }: ToolBarProps) {
  return (
    <header className="bar">
      <Brand className="brand tool-brand" />
      <nav className="tool-pages" aria-label="Pages">
        {PAGES.map(([href, name]) => (
          <a key={name} href={href} aria-current={name === here ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      {children}
      <ThemeButton />
    </header>
  );
}
