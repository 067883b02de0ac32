// Tokens for a broker that takes unsecured ones (RFC 7519, alg none): what it checks is whose they are and for how long.
export function unsecuredToken(lifeSeconds: number, subject = 'alice'): string {
  const now = Date.now() / 1000;
  const claims = { sub: subject, iat: now, exp: now + lifeSeconds };
  return `${part({ alg: 'none' })}.${part(claims)}.`;
}

function part(content: object): string {
  return Buffer.from(JSON.stringify(content)).toString('base64url');
}
