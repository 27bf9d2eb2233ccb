import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Issuer {
  url: string;
  clientId: string;
  clientSecret: string;
  /**
   * What the provider's own page does: reads where the browser was sent, and sends it back with a code.
   * @param claims of the ID token, over those of a good one. @returns path and query of our address
   */
  signIn: (sentTo: string, claims?: JWTPayload, how?: { foreignKey?: boolean }) => string;
  close: () => Promise<void>;
}

/** A small OpenID provider on this machine: discovery, keys, and a token endpoint that checks secret, code and PKCE. */
export async function startIssuer(): Promise<Issuer> {
  const [clientId, clientSecret] = ['countersign', 'a-secret-of-the-client'];
  const [own, foreign] = [await generateKeyPair('RS256'), await generateKeyPair('RS256')];
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'one', use: 'sig', alg: 'RS256' };
  const codes = new Map<string, { challenge: string; claims: JWTPayload; foreignKey: boolean }>();
  let issued = 0;

  const token = async (request: IncomingMessage): Promise<[number, object]> => {
    const form = new URLSearchParams(await text(request));
    const code = form.get('code') ?? '';
    const given = codes.get(code);
    codes.delete(code);
    const fits =
      given?.challenge ===
        createHash('sha256')
          .update(form.get('code_verifier') ?? '')
          .digest('base64url') && form.get('client_secret') === clientSecret;
    if (!fits) return [400, { error: 'invalid_grant' }];
    const signed = await new SignJWT(given.claims)
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .sign((given.foreignKey ? foreign : own).privateKey);
    return [200, { access_token: 'x', token_type: 'Bearer', expires_in: 60, id_token: signed }];
  };

  const server = createServer((request, response) => {
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.url === '/jwks') return answer(200, { keys: [jwk] });
    if (request.url === '/token') {
      token(request).then(
        ([status, body]) => answer(status, body),
        () => answer(500, {}),
      );
      return;
    }
    if (request.url !== '/.well-known/openid-configuration') return answer(404, {});
    answer(200, {
      issuer: url,
      authorization_endpoint: `${url}/authorize`,
      token_endpoint: `${url}/token`,
      jwks_uri: `${url}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    ...{ url, clientId, clientSecret },
    signIn: (sentTo, claims = {}, { foreignKey = false } = {}) => {
      const asked = new URL(sentTo).searchParams;
      const code = `code-${++issued}`;
      const now = Math.floor(Date.now() / 1000);
      const good = { iss: url, aud: clientId, iat: now, exp: now + 60, nonce: asked.get('nonce')! };
      codes.set(code, { challenge: asked.get('code_challenge')!, claims: { ...good, ...claims }, foreignKey });
      const back = new URL(asked.get('redirect_uri')!);
      return `${back.pathname}?${new URLSearchParams({ code, state: asked.get('state')! }).toString()}`;
    },
    close: () => new Promise((done) => server.close(() => done())),
  };
}
