import type { ReactNode } from 'react';
import { Mark } from '../arena/mark.tsx';
import { ThemeButton } from './theme-button.tsx';

const PAGES = [
  ['./', 'Arena'],
  ['debug', 'Debug'],
  ['ops', 'Ops'],
] as const;

export interface ToolBarProps {
  /** Which page this is, by its name in the bar. */
  readonly here: (typeof PAGES)[number][1];
  /** How the connection stands, and who is here. */
  readonly children?: ReactNode;
}

/** The bar of the pages behind the arena: the way to the others, and how the connection stands. */
export function ToolBar({ here, children }: ToolBarProps) {
  return (
    <header className="bar">
      <p className="brand tool-brand">
        <Mark />
        <b>
          CodeCraft <span>Live</span>
        </b>
      </p>
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
