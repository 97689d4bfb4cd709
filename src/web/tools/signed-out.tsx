import { useConnectionStatus } from '../../react/index.ts';

/** What the service says of a token that is worth nothing any more, or of the account behind it. */
const OF_THE_TOKEN: readonly unknown[] = [
  'token-missing',
  'token-invalid',
  'token-expired',
  'account-blocked',
  'forbidden',
];

/** Whether the service does not take the token: then nothing on the page will ever be there. */
export function useSignedOut(): boolean {
  const { state, error } = useConnectionStatus();
  return state === 'closed' && OF_THE_TOKEN.includes(error?.code);
}

/** Says why there is nothing to see, and leads back to the entrance. */
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
