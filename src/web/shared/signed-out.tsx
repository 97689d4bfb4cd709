import { useConnectionStatus } from '../../react/index.ts';

/** Problem codes of a token that the service no longer accepts, or of its account. */
const TOKEN_REFUSED: readonly unknown[] = [
  'token-missing',
  'token-invalid',
  'token-expired',
  'account-blocked',
  'forbidden',
];

/** Whether the service refuses the token, so that the page stays empty. */
export function useSignedOut(): boolean {
  const { state, error } = useConnectionStatus();
  return state === 'closed' && TOKEN_REFUSED.includes(error?.code);
}

/** Shows why the token was refused, with a way back to the entrance. */
export function SignedOut({ onLeave }: { readonly onLeave: () => void }) {
  const { error } = useConnectionStatus();
  return (
    <div className="stage-empty" role="alert">
      <p>The service does not accept this token: {error?.message}.</p>
      <button type="button" className="primary" onClick={onLeave}>
        Come in with another
      </button>
    </div>
  );
}
