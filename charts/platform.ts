import * as z from 'zod';
import type { Digests } from './digests.ts';
import { clusterSchema } from './settings/cluster.ts';
import { isAtMost, isNotEmpty, label } from './settings/scalars.ts';
import { waiverSchema } from './settings/waiver.ts';

// What platform.yaml may say; its parts are in settings/. Its JSON Schema, docs/platform.schema.json, is made from this object.

export const platformSchema = z
  .strictObject({
    source: z
      .strictObject({
        url: z
          .url({
            protocol: /^(?:https?|ssh)$/,
            error: 'expected an address such as "https://git.home.arpa/me/platform"',
          })
          .optional()
          .describe(
            "The repository that holds dist/. Without it: bellows/platform on each cluster's own Gitea.",
          ),
        branch: z
          .string()
          .max(200)
          .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/, 'expected a branch such as "main"')
          .default('main')
          .describe('What is pushed here is what the clusters become.'),
        credentials: label
          .optional()
          .describe(
            'A Secret in flux-system with username and password, where the repository asks for them; for our own Gitea: platform-source.',
          ),
      })
      .prefault({})
      .describe('What Flux reads.'),
    waivers: z
      .array(waiverSchema)
      .max(100)
      .default([])
      .describe('What may pass ./bellows diff all the same, until a day.'),
    clusters: z
      .record(label, clusterSchema)
      .refine(isNotEmpty, 'expected at least one cluster')
      .refine(isAtMost(1000), { error: 'expected at most 1000 clusters', abort: true })
      .describe('By name, which is also the name of its folder in dist/clusters/.'),
  })
  .superRefine(({ source, clusters }, context) => {
    for (const [name, { flux }] of Object.entries(clusters))
      if (flux.receiver === 'gitea' && source.url !== undefined)
        context.addIssue({
          code: 'custom',
          path: ['clusters', name, 'flux', 'receiver'],
          message: 'expected "https", since the repository is that of source.url',
        });
  });

export type Platform = z.output<typeof platformSchema> & {
  /** Of pins.json, which stands beside the platform file. @default nothing is pinned by digest */
  readonly digests?: Digests;
};
export type Cluster = z.output<typeof platformSchema>['clusters'][string];
export type Pool = Cluster['pools'][string];

const extendsSchema = {
  type: 'string' as const,
  description: 'Another cluster, whose settings this one has where it says nothing else.',
};

/** The schema for editors, of what a person writes: every default may be left out. */
export function toPlatformJsonSchema(): string {
  const schema = z.toJSONSchema(platformSchema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema !== clusterSchema) return;
      // What a cluster takes from another is there before this schema is asked.
      jsonSchema.properties = { extends: extendsSchema, ...jsonSchema.properties };
      delete jsonSchema.required;
      jsonSchema.anyOf = [{ required: ['pools'] }, { required: ['extends'] }];
    },
  });
  return `${JSON.stringify({ title: 'platform.yaml of Bellows', ...schema }, null, 2)}\n`;
}
