import { createHmac, timingSafeEqual } from 'node:crypto';
import { type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify, UnsecuredJWT } from 'jose';

/** Hash of each algorithm that signs with a shared secret. */
const HASHES: Readonly<Record<string, string>> = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' };

/** Header of a token whose signature was verified, for the checks of its claims. */
const VERIFIED_HEADER = Buffer.from('{"alg":"none"}').toString('base64url');

interface Verification {
  /** Key of the algorithms that sign with a shared secret; undefined: there is none. */
  readonly secret: Uint8Array | undefined;
  /** Key of all algorithms, as jose takes it. */
  readonly keyOf: JWTVerifyGetKey;
  readonly options: JWTVerifyOptions & { readonly algorithms: string[] };
}

/**
 * Verifies a token. An HMAC that fits as it is written is verified in place, and the claims by jose: Web Crypto would
 * import the key anew for each token and compute in another thread. Every other token, with whatever header, is left
 * to jose, so that only jose refuses one.
 *
 * @returns its claims
 * @throws Error of jose, and what `keyOf` throws
 */
export async function verifyJwt(token: string, verification: Verification): Promise<JWTPayload> {
  const { secret, keyOf, options } = verification;
  if (secret !== undefined && isSignedWith(secret, token, options.algorithms)) {
    const payload = token.slice(token.indexOf('.') + 1, token.lastIndexOf('.'));
    return UnsecuredJWT.decode(`${VERIFIED_HEADER}.${payload}.`, options).payload;
  }
  return (await jwtVerify(token, keyOf, options)).payload;
}

/** Whether the token's header names nothing but one of these HMACs, and the signature is that of the secret. */
function isSignedWith(secret: Uint8Array, token: string, algorithms: readonly string[]): boolean {
  const [header, payload, signature, ...more] = token.split('.');
  if (header === undefined || payload === undefined || signature === undefined || more.length > 0)
    return false;
  const algorithm = plainAlgorithm(header);
  const hash = algorithm === undefined ? undefined : HASHES[algorithm];
  if (algorithm === undefined || hash === undefined || !algorithms.includes(algorithm)) return false;
  const expected = createHmac(hash, secret).update(`${header}.${payload}`).digest('base64url');
  return (
    signature.length === expected.length && timingSafeEqual(Buffer.from(signature), Buffer.from(expected))
  );
}

/** Algorithm of a header that has no other parameters than `alg`, `typ` and `kid`. */
function plainAlgorithm(header: string): string | undefined {
  try {
    const { alg, typ, kid, ...others } = JSON.parse(Buffer.from(header, 'base64url').toString());
    const isPlain = [alg, typ ?? '', kid ?? ''].every((value) => typeof value === 'string');
    return isPlain && Object.keys(others).length === 0 ? alg : undefined;
  } catch {
    return undefined;
  }
}
