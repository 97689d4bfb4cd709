import { TokenForm } from '../shared/token-form.tsx';
import { ToolBar } from '../shared/tool-bar.tsx';
import { checkAdminToken } from './admin-token.ts';

/** Form for an admin's token. */
export function OperatorEntrance({ onEnter }: { readonly onEnter: (token: string) => void }) {
  return (
    <>
      <ToolBar here="Ops" />
      <main className="entrance token-entrance">
        <header className="entrance-head">
          <h1>Operator</h1>
          <p>Metrics of the nodes, and open streams. For admins.</p>
        </header>
        <TokenForm
          label="Paste an admin’s token"
          hint={
            <>
              <code>npm run live -- token --admin</code> prints one, also for the demo.
            </>
          }
          onToken={async (pasted) => onEnter(await checkAdminToken(pasted))}
        />
      </main>
    </>
  );
}
