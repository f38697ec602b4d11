import * as z from 'zod';
import { label } from './scalars.ts';

export const signInSchema = z
  .strictObject({
    issuer: z
      .url({ protocol: /^https$/, error: 'expected an address such as "https://git.home.arpa"' })
      .optional()
      .describe(
        "The OpenID Connect provider, as it spells its issuer. Without it: the cluster's own Gitea. Its certificate must be one that Node trusts.",
      ),
    clientId: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('What the provider knows this Bellows as. With our own Gitea that is arranged by itself.'),
    roles: z
      .string()
      .min(1)
      .max(2000)
      .describe('Who may do what: admin=group:acme:owners;trigger=group:acme:devs;view=*.'),
    scopes: z.string().min(1).max(200).default('openid profile groups').describe('What is asked of it.'),
    name: label.default('gitea').describe('The provider in a word, as the audit log names people.'),
  })
  .refine(
    ({ issuer, clientId }) => (issuer === undefined) === (clientId === undefined),
    'expected both an issuer and a clientId, or neither: then it is our own Gitea',
  )
  .optional()
  .describe(
    'How people sign in. With an issuer, its client secret is the key oidc-client-secret of the Secret bellows-sign-in in the namespace ci. Without all of this nobody does.',
  );
