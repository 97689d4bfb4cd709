import { createHmac, timingSafeEqual } from 'node:crypto';
import { type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify, UnsecuredJWT } from 'jose';

/** Hash of each algorithm that signs with a shared secret. */
const HASHES: Readonly<Record<string, string>> = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' };

/** Header of a token whose signature was verified, for the checks of its claims. */
const VERIFIED_HEADER = encoded({ alg: 'none' });

/** Algorithm of each header that libraries commonly write, as it is encoded: nearly every token has one of these. */
const COMMON_HEADERS: ReadonlyMap<string, string> = new Map(
  Object.keys(HASHES).flatMap((alg) =>
    [{ alg }, { alg, typ: 'JWT' }, { typ: 'JWT', alg }].map((header) => [encoded(header), alg] as const),
  ),
);

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
  const signed = secret === undefined ? undefined : payloadSignedWith(secret, token, options.algorithms);
  if (signed !== undefined) return UnsecuredJWT.decode(`${VERIFIED_HEADER}.${signed}.`, options).payload;
  return (await jwtVerify(token, keyOf, options)).payload;
}

/**
 * Encoded claims of a token whose header names nothing but one of these HMACs, and whose signature is that of the secret;
 * undefined: it is another token.
 */
function payloadSignedWith(
  secret: Uint8Array,
  token: string,
  algorithms: readonly string[],
): string | undefined {
  const headerEnd = token.indexOf('.');
  const payloadEnd = token.indexOf('.', headerEnd + 1);
  if (headerEnd === -1 || payloadEnd === -1 || token.includes('.', payloadEnd + 1)) return undefined;
  const header = token.slice(0, headerEnd);
  const algorithm = COMMON_HEADERS.get(header) ?? plainAlgorithm(header);
  const hash = algorithm === undefined ? undefined : HASHES[algorithm];
  if (algorithm === undefined || hash === undefined || !algorithms.includes(algorithm)) return undefined;
  const expected = createHmac(hash, secret).update(token.slice(0, payloadEnd)).digest('base64url');
  const signature = token.slice(payloadEnd + 1);
  const isGenuine =
    signature.length === expected.length && timingSafeEqual(Buffer.from(signature), Buffer.from(expected));
  return isGenuine ? token.slice(headerEnd + 1, payloadEnd) : undefined;
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

function encoded(header: Readonly<Record<string, string>>): string {
  return Buffer.from(JSON.stringify(header)).toString('base64url');
}
