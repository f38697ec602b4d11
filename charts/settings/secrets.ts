import * as z from 'zod';
import { label } from './scalars.ts';

const secretSource = z.enum(['cluster', 'sealed', 'external']);

export const secretsSchema = z
  .strictObject({
    from: secretSource
      .default('cluster')
      .describe(
        'Where Secrets come from. cluster: made there, by a Job what may be random and by a person what may not; sealed: files of sealed/<cluster>/, encrypted with SOPS; external: a store that External Secrets reads.',
      ),
    each: z
      .record(label, secretSource)
      .default({})
      .describe('Another origin for single Secrets, by their names.'),
    recipients: z
      .array(z.string().regex(/^age1[02-9ac-hj-np-z]{58}$/, 'expected an age recipient such as "age1…"'))
      .min(1)
      .max(16)
      .optional()
      .describe(
        "Whom files of sealed/<cluster>/ are encrypted for: the cluster's own key and those of the people who keep them, and nobody else.",
      ),
    store: label.optional().describe('The ClusterSecretStore that external ones are read from.'),
    folder: z
      .string()
      .max(200)
      .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/, 'expected a folder of the store such as "bellows"')
      .default('bellows')
      .describe('Where they are in the store: <folder>/<name of the Secret>, a property for each key.'),
  })
  .superRefine(({ from, each, recipients, store }, context) => {
    const used = new Set([from, ...Object.values(each)]);
    if (used.has('sealed') && recipients === undefined)
      context.addIssue({ code: 'custom', message: 'expected "recipients", since Secrets are sealed' });
    if (used.has('external') && store === undefined)
      context.addIssue({ code: 'custom', message: 'expected "store", since Secrets are external' });
  })
  .prefault({})
  .describe('Where Secrets come from. What Flux needs before it reads the repository, a person puts there.');
