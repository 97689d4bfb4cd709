import { Component, type ReactNode } from 'react';

export interface FaultScreenProps {
  readonly children: ReactNode;
  /** Forgets whatever the page may have stumbled over. */
  readonly onReset: () => void;
}

/** Shows that a page failed, with a way out, where there would be nothing at all. */
export class FaultScreen extends Component<FaultScreenProps, { readonly failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { readonly failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <main className="entrance" role="alert">
        <h1>This page failed</h1>
        <p>Something in it went wrong. Nothing of yours is lost: all of it is with the service.</p>
        <p>
          <button
            type="button"
            className="primary"
            onClick={() => {
              this.props.onReset();
              location.reload();
            }}
          >
            Begin anew
          </button>
        </p>
      </main>
    );
  }
}
