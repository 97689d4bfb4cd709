/** Logo: a table of which one row moves up. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 20 16" width="25" height="20" aria-hidden="true">
      <path d="M0 2.5h11M0 8h15M0 13.5h7" />
      <path className="mark-up" d="M17.5 13V3m-2.5 2.5L17.5 3 20 5.5" />
    </svg>
  );
}

/** Logo and name, as the bar of each page shows them. */
export function Brand({ className = 'brand' }: { readonly className?: string }) {
  return (
    <p className={className}>
      <Mark />
      <b>
        CodeCraft <span>Live</span>
      </b>
    </p>
  );
}
