/** Encoding of a body. */
export type Encoding = 'br' | 'gzip' | 'identity';

/**
 * Chooses the smallest encoding that the client accepts.
 * @param accepted `Accept-Encoding`
 * @param bodies what there is, by encoding
 */
export function chooseEncoding(
  accepted: string | undefined,
  bodies: Readonly<Partial<Record<Encoding, unknown>>>,
): Encoding {
  const acceptable = new Set(
    (accepted ?? '')
      .split(',')
      .map((part) => part.trim().toLowerCase())
      .filter((part) => !/;\s*q=0(\.0*)?$/.test(part))
      .map((part) => part.split(';')[0]),
  );
  const possible = (['br', 'gzip'] as const).filter(
    (name) => acceptable.has(name) && bodies[name] !== undefined,
  );
  return possible[0] ?? 'identity';
}
