import * as z from 'zod';
import type { Person } from '../../core/access/index.ts';
import type { Log } from '../../core/log/index.ts';
import type { ApiConfig } from '../config.ts';
import { Problem } from '../problem.ts';
import { createProvider, ProviderError } from './provider.ts';
import { type Claims, toRole, toWantedClaims } from './roles.ts';

/** How people sign in to the pages. What the browser keeps on the way is one text, for a cookie. */
export interface SignIn {
  /** What the provider is called where people read it. */
  name: string;
  /** @param to the page that was asked for. @throws Problem 503 */
  begin(to: string): Promise<{ address: string; kept: string }>;
  /** @throws Problem 403 when nothing is proved, or nobody gave this person a role; 503 */
  finish(query: URLSearchParams, kept: string): Promise<{ person: Person; to: string }>;
}

const keptSchema = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  to: z.string(),
});

export type SignInSettings = Pick<
  ApiConfig,
  | 'BELLOWS_OIDC_ISSUER'
  | 'BELLOWS_OIDC_CLIENT_ID'
  | 'BELLOWS_OIDC_NAME'
  | 'BELLOWS_OIDC_ROLES'
  | 'BELLOWS_OIDC_SCOPES'
  | 'BELLOWS_PUBLIC_URL'
> & { clientSecret: string | undefined; log: Log };

/** Undefined where no identity provider is set. */
export function createSignIn(settings: SignInSettings): SignIn | undefined {
  const { BELLOWS_OIDC_ISSUER: issuer, BELLOWS_OIDC_CLIENT_ID: clientId, clientSecret } = settings;
  const { BELLOWS_OIDC_NAME: name, BELLOWS_OIDC_ROLES: rules, log } = settings;
  if (issuer === undefined) return undefined;
  const provider =
    clientId === undefined || clientSecret === undefined
      ? undefined
      : createProvider({
          issuer,
          clientId,
          clientSecret,
          redirectUri: `${settings.BELLOWS_PUBLIC_URL}/sign-in/callback`,
          scopes: settings.BELLOWS_OIDC_SCOPES,
        });
  const open = () => {
    if (provider !== undefined) return provider;
    throw new Problem(
      503,
      'Sign-in is not whole: it takes BELLOWS_OIDC_CLIENT_ID and the secret oidc-client-secret.',
    );
  };

  return {
    name,
    begin: async (to) => {
      const { address, attempt } = await told(open().begin(), log);
      return { address: address.href, kept: JSON.stringify({ ...attempt, to: toLocalPath(to) }) };
    },
    finish: async (query, kept) => {
      const { to, ...attempt } = parseKept(kept);
      const claims = await told(open().finish(query, attempt, toWantedClaims(rules)), log);
      const role = toRole(rules, claims);
      const person = toPerson(name, claims);
      if (role === undefined)
        throw new Problem(
          403,
          `You are signed in at ${name} as ${person.name ?? person.actor}, but nobody has given you a role here. Ask who runs this Bellows.`,
        );
      return { person: { ...person, role }, to: toLocalPath(to) };
    },
  };
}

/** A page of ours, whatever somebody put into a link. */
export function toLocalPath(text: string): string {
  return /^\/(?!\/)[\w./?=%-]{0,300}$/.test(text) ? text : '/';
}

/** `sub` is the one claim that is stable and nobody else's (OpenID Connect Core, 5.7); the name is for reading. */
function toPerson(provider: string, claims: Claims): Pick<Person, 'actor' | 'name'> {
  const [name] = [claims.preferred_username, claims.name, claims.email].flatMap((claim) =>
    typeof claim === 'string' && /^[\p{L}\p{N}][\p{L}\p{N} .@_+'-]{0,99}$/u.test(claim) ? [claim] : [],
  );
  const { sub } = claims;
  if (typeof sub !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(sub))
    throw new Problem(403, `${provider} names you by no subject that can be written down.`);
  return { actor: `user:${provider}:${sub}`, name };
}

function parseKept(kept: string): z.infer<typeof keptSchema> {
  try {
    return keptSchema.parse(JSON.parse(kept));
  } catch {
    throw new Problem(403, 'This browser did not begin to sign in here, or too long ago. Sign in once more.');
  }
}

async function told<T>(work: Promise<T>, log: Log): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    // Its words only: what hangs at the cause may be a token.
    const { code, cause } = error;
    const why = cause instanceof Error ? cause.message : undefined;
    log.warn({ code, why, error: toOauthCode(cause) }, 'a sign-in failed');
    throw code === 'away'
      ? new Problem(503, error.message, { 'retry-after': '5' })
      : new Problem(403, error.message);
  }
}

/** OAuth's own word for it (RFC 6749, 5.2), such as `invalid_client`. */
function toOauthCode(cause: unknown): string | undefined {
  const { error } = cause instanceof Error && 'error' in cause ? cause : {};
  return typeof error === 'string' && /^[a-z_]{1,50}$/.test(error) ? error : undefined;
}
