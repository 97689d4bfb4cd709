export interface PanesProps<Name extends string> {
  readonly panes: readonly (readonly [name: Name, text: string])[];
  readonly shown: Name;
  readonly onShow: (name: Name) => void;
}

/** Where a narrow screen chooses which part of a page it shows; a wide one shows them all. */
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
