import { TokenForm } from '../tools/token-form.tsx';
import { ToolBar } from '../tools/tool-bar.tsx';
import { checkPass } from './pass.ts';

/** Where an operator shows a token. */
export function Gate({ onEnter }: { readonly onEnter: (token: string) => void }) {
  return (
    <>
      <ToolBar here="Ops" />
      <main className="entrance gate">
        <header className="entrance-head">
          <h1>Operator</h1>
          <p>How the nodes are doing, and who is connected. For admins.</p>
        </header>
        <TokenForm
          label="Paste an admin’s token"
          hint={
            <>
              <code>npm run live -- token --admin</code> prints one, also for the demo.
            </>
          }
          onToken={async (pasted) => onEnter(await checkPass(pasted))}
        />
      </main>
    </>
  );
}
