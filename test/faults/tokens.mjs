import { createHmac, hkdfSync } from 'node:crypto';

const YEAR_S = 365 * 86_400;

/** The secret that all nodes of a run share. */
export const SECRET = 'wV8sJ3kQ6nB1xZ9fT4hD7mR2pL5yC0gA';

/** A token as the platform's login signs it. */
export function platformToken(userId) {
  return sign({ id: userId }, SECRET);
}

/** A token that may publish, signed as `codecraft-live token --service` does. */
export function serviceToken() {
  const key = Buffer.from(hkdfSync('sha256', SECRET, 'codecraft-live', 'service', 32));
  return sign({ sub: 'faults', aud: 'codecraft-live/service' }, key);
}

function sign(claims, key) {
  const iat = Math.floor(Date.now() / 1000);
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ ...claims, iat, exp: iat + YEAR_S })}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}
