import * as z from 'zod';

/** Where Flux may tell what it did, and what each asks of its Secret. */
export const alertKinds = {
  slack: ['address'],
  discord: ['address'],
  msteams: ['address'],
  googlechat: ['address'],
  rocket: ['address'],
  lark: ['address'],
  matrix: ['address', 'token'],
  telegram: ['token'],
  alertmanager: ['address'],
  generic: ['address'],
  'generic-hmac': ['address', 'token'],
} as const satisfies Record<string, readonly string[]>;

export const fluxSchema = z
  .strictObject({
    receiver: z
      .enum(['gitea', 'https'])
      .optional()
      .describe(
        "Who says that the platform's repository has changed, so that a push is applied at once and not within a minute: the cluster's own Gitea, by itself; or a forge elsewhere, at https://flux.<domain>.",
      ),
    alerts: z
      .strictObject({
        to: z
          .enum(Object.keys(alertKinds) as [keyof typeof alertKinds])
          .describe(
            'What is told. Its address, and the token that some ask for, are keys of the Secret flux-alerts in flux-system.',
          ),
        channel: z
          .string()
          .min(1)
          .max(200)
          .optional()
          .describe('The channel or room, where the address does not say it.'),
        severity: z
          .enum(['info', 'error'])
          .default('error')
          .describe('error: what could not be applied; info: also each commit that was.'),
      })
      .refine(({ to, channel }) => channel !== undefined || !['matrix', 'telegram'].includes(to), {
        path: ['channel'],
        error: 'expected the room or chat to write to',
      })
      .optional()
      .describe('Who hears of what Flux does. Without it, nobody.'),
  })
  .prefault({})
  .describe('What Flux hears and says.');
