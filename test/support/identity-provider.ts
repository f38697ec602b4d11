import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import { createToken } from '../../services/core/access/index.ts';

export interface Account {
  sub: string;
  preferred_username: string;
  groups: string[];
}

/** What becomes of an ID token on its way; `key` is the provider's own. */
export type Tamper = (idToken: string, key: { private: KeyObject; public: KeyObject }) => string;

export type IdentityProvider = Awaited<ReturnType<typeof startIdentityProvider>>;

/**
 * A real OpenID Connect provider on loopback. It signs in whom the test says, without asking; all else is as
 * it is in earnest: codes that are good once, PKCE, signatures, its own cookies.
 */
export async function startIdentityProvider(redirectUri: string) {
  const client = { id: randomUUID(), secret: `${createToken()}-_` };
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ada: Account = { sub: '7', preferred_username: 'ada', groups: ['acme', 'acme:owners'] };
  let account = ada;
  let tamper: Tamper | undefined;
  let claimsInIdToken = true;
  let slashed = false;
  let down = false;
  const asked: string[] = [];

  let answer: RequestListener = () => undefined;
  const server = createServer((request, response) => {
    asked.push(request.url?.replace(/\?.*/, '') ?? '');
    if (down) response.writeHead(502).end();
    // As Gitea, which decodes nothing.
    else if (toBasic(request).includes('%'))
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_client"}');
    else answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const open = () => {
    const provider = create(issuer, {
      clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: [redirectUri] }],
      claims: { openid: ['sub'], profile: ['preferred_username'], groups: ['groups'] },
      // Strictly, claims come by UserInfo only; Gitea and others put them into the ID token.
      conformIdTokenClaims: !claimsInIdToken,
      cookies: { keys: [createToken()] },
      features: { devInteractions: { enabled: false } },
      findAccount: (_: unknown, sub: string) => ({ accountId: sub, claims: () => ({ ...account, sub }) }),
      interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
      jwks: { keys: [{ ...keys.privateKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'RS256' }] },
      loadExistingGrant: async ({
        oidc,
      }: {
        oidc: { client: { clientId: string }; session: { accountId: string } };
      }) => {
        const grant = new provider.Grant({
          clientId: oidc.client.clientId,
          accountId: oidc.session.accountId,
        });
        grant.addOIDCScope('openid profile groups');
        await grant.save();
        return grant;
      },
      pkce: { required: () => true },
      ttl: { AccessToken: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    });
    provider.use(async (context, next) => {
      await next();
      const { body } = context;
      if (slashed && context.path.startsWith('/.well-known/'))
        context.body = { ...(body as object), issuer: `${issuer}/` };
      if (context.path !== '/token' || tamper === undefined || typeof body !== 'object' || body === null)
        return;
      if ('id_token' in body && typeof body.id_token === 'string')
        context.body = {
          ...body,
          id_token: tamper(body.id_token, { private: keys.privateKey, public: keys.publicKey }),
        };
    });
    const callback = provider.callback();
    answer = (request, response) => {
      if (request.url?.startsWith('/interaction/') === true)
        void provider.interactionFinished(request, response, { login: { accountId: account.sub } });
      else void callback(request, response);
    };
  };
  open();

  return {
    issuer,
    client,
    ada,
    /** Paths, in order. */
    asked,
    signInAs: (who: Account) => {
      account = who;
    },
    setTamper: (how: Tamper | undefined) => {
      tamper = how;
    },
    setDown: (is: boolean) => {
      down = is;
    },
    /** Its discovery ends its own name with a slash, and its tokens do not. */
    setSlashed: (is: boolean) => {
      slashed = is;
    },
    /** Keeps the claims of scopes out of the ID token. */
    setStrict: () => {
      claimsInIdToken = false;
      open();
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function toBasic({ headers }: IncomingMessage): string {
  const [, text = ''] = /^Basic (.+)$/.exec(headers.authorization ?? '') ?? [];
  return Buffer.from(text, 'base64').toString();
}

/** It warns that it keeps all in memory, which is what a test wants. */
function create(...args: ConstructorParameters<typeof Provider>): Provider {
  const { warn } = console;
  console.warn = () => undefined;
  try {
    return new Provider(...args);
  } finally {
    console.warn = warn;
  }
}
