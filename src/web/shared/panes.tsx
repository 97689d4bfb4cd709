export interface PanesProps<Name extends string> {
  readonly panes: readonly (readonly [name: Name, text: string])[];
  readonly shown: Name;
  readonly onShow: (name: Name) => void;
}

/** Tabs for the panes of a page on a narrow screen; a wide one shows all panes. */
export function Panes<Name extends string>({ panes, shown, onShow }: PanesProps<Name>) {
  return (
    <nav className="panes" aria-label="Show">
      {panes.map(([name, text]) => (
        <button
          key={name}
          type="button"
          aria-current={shown === name ? 'page' : undefined}
          onClick={() => onShow(name)}
        >
          {text}
        </button>
      ))}
    </nav>
  );
}
