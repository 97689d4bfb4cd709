import { Component, type ReactNode } from 'react';

export interface FaultScreenProps {
  readonly children: ReactNode;
  /** Deletes stored state that may have caused the fault. */
  readonly onReset: () => void;
}

/** Error boundary: shows that the page failed, with a button that resets and reloads it. */
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
