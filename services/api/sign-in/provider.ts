import type * as Oidc from 'openid-client';
import type { Claims } from './roles.ts';

export interface ProviderOptions {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Where the provider sends the browser back to. */
  redirectUri: string;
  scopes: string;
}

/** What the browser keeps while it is at the provider, and must bring back. */
export interface Attempt {
  state: string;
  nonce: string;
  verifier: string;
}

/** `refused`: this attempt proves nothing; begin anew. `away`: the provider does not answer as one. */
export class ProviderError extends Error {
  override name = 'ProviderError';
  readonly code: 'refused' | 'away';
  constructor(code: 'refused' | 'away', message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface Provider {
  /** @throws ProviderError */
  begin(): Promise<{ address: URL; attempt: Attempt }>;
  /**
   * @param query as the provider sent the browser back.
   * @param wanted claims that are asked of UserInfo when the ID token has not all of them.
   * @throws ProviderError
   */
  finish(query: URLSearchParams, attempt: Attempt, wanted: readonly string[]): Promise<Claims>;
}

/** Signatures that only the provider can make. `none` is none; of HS* the public key would be the secret. */
const algorithms = [
  'EdDSA',
  'Ed25519',
  ...['RS', 'PS', 'ES'].flatMap((kind) => [256, 384, 512].map((n) => kind + n)),
];
const skewSeconds = 60;
const timeoutSeconds = 10;

/** An OpenID Connect provider, by authorization code with PKCE. It is looked up when it is first needed. */
export function createProvider(options: ProviderOptions): Provider {
  let opened: Promise<{ oidc: typeof Oidc; config: Oidc.Configuration }> | undefined;
  const open = () => {
    opened ??= discover(options).catch((error: unknown) => {
      opened = undefined; // the next person asks again
      throw error;
    });
    return opened;
  };

  return {
    begin: () =>
      explained(async () => {
        const { oidc, config } = await open();
        const attempt = {
          state: oidc.randomState(),
          nonce: oidc.randomNonce(),
          verifier: oidc.randomPKCECodeVerifier(),
        };
        const address = oidc.buildAuthorizationUrl(config, {
          redirect_uri: options.redirectUri,
          scope: options.scopes,
          state: attempt.state,
          nonce: attempt.nonce,
          code_challenge: await oidc.calculatePKCECodeChallenge(attempt.verifier),
          code_challenge_method: 'S256',
        });
        return { address, attempt };
      }),
    finish: (query, attempt, wanted) =>
      explained(async () => {
        const { oidc, config } = await open();
        const tokens = await oidc.authorizationCodeGrant(config, new URL(`${options.redirectUri}?${query}`), {
          expectedState: attempt.state,
          expectedNonce: attempt.nonce,
          pkceCodeVerifier: attempt.verifier,
        });
        const claims: Claims = tokens.claims() ?? {};
        const misses = wanted.some((claim) => !Object.hasOwn(claims, claim));
        if (!misses || config.serverMetadata().userinfo_endpoint === undefined) return claims;
        const more = await oidc.fetchUserInfo(config, tokens.access_token, String(claims.sub));
        return { ...more, ...claims };
      }),
  };
}

async function discover({ issuer, clientId, clientSecret }: ProviderOptions) {
  const oidc = await import('openid-client');
  const server = new URL(issuer);
  // Settings allow http on loopback only, where tests and a Gitea beside us are.
  const execute = server.protocol === 'http:' ? [oidc.allowInsecureRequests] : [];
  const found = await oidc.discovery(server, clientId, undefined, undefined, {
    timeout: timeoutSeconds,
    execute,
  });
  const { supportsPKCE: _, ...metadata } = found.serverMetadata();
  const offered = metadata.id_token_signing_alg_values_supported ?? ['RS256'];
  const config = new oidc.Configuration(
    {
      ...metadata,
      // The same but for a slash at its end, which tokens may spell otherwise than the discovery (Gitea).
      issuer,
      id_token_signing_alg_values_supported: offered.filter((name) => algorithms.includes(name)),
    },
    clientId,
    { [oidc.clockTolerance]: skewSeconds },
    toBasic(clientId, clientSecret),
  );
  config.timeout = timeoutSeconds;
  for (const extend of execute) extend(config);
  // The ID token comes over TLS from the provider itself; its signature is checked all the same.
  oidc.enableNonRepudiationChecks(config);
  return { oidc, config };
}

/**
 * RFC 6749, 2.3.1, with id and secret encoded as forms are: hyphens stand as they are. The library encodes them
 * too, and Gitea, which decodes nothing, then knows no such client.
 */
function toBasic(...pair: [id: string, secret: string]): Oidc.ClientAuth {
  const text = pair.map((each) => new URLSearchParams([['', each]]).toString().slice(1)).join(':');
  const value = `Basic ${Buffer.from(text).toString('base64')}`;
  return (_server, _client, _body, headers) => headers.set('authorization', value);
}

async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (isAway(cause))
      throw new ProviderError('away', 'The identity provider does not answer. Try again in a moment.', {
        cause,
      });
    throw new ProviderError('refused', 'The identity provider did not vouch for you. Sign in once more.', {
      cause,
    });
  }
}

const awayCodes = [
  'OAUTH_TIMEOUT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
];

/** No answer (`fetch` rejects with a TypeError), or one that no provider gives. */
function isAway(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  const code = 'code' in cause ? String(cause.code) : '';
  return (cause instanceof TypeError && code === '') || awayCodes.includes(code);
}
