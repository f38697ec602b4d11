import * as z from 'zod';
import { databaseServerSchema } from './database-server.ts';
import { giteaName, label, size } from './scalars.ts';

export const giteaSchema = z
  .strictObject({
    memory: size.default('1Gi').describe('Memory of Gitea and the git that it runs.'),
    storage: size.default('20Gi').describe('Repositories, packages, LFS and, with SQLite, the database.'),
    mirrors: z
      .array(
        z.strictObject({
          from: z
            .string()
            .max(300)
            .regex(
              /^https:\/\/[A-Za-z0-9.-]+\/(?:[A-Za-z0-9._-]+\/)+[A-Za-z0-9._-]*[A-Za-z0-9]$/,
              'expected a public repository such as "https://github.com/acme/site"',
            )
            .describe('A public repository.'),
          owner: giteaName.describe('The organisation in Gitea that has the mirror; it is made.'),
          name: giteaName.optional().describe('Its name there. Default: as it is called elsewhere.'),
          pool: label
            .optional()
            .describe('The pool of its jobs; without it they run in the only one that the cluster has.'),
          everyMinutes: z
            .int()
            .min(10)
            .max(24 * 60)
            .default(10)
            .describe('How often Gitea looks for what is new.'),
        }),
      )
      .max(500)
      .default([])
      .describe(
        'Repositories of elsewhere that Gitea mirrors, that agents clone from it, and that are registered with the api.',
      ),
    database: z
      .enum(['sqlite', 'postgres'])
      .default('sqlite')
      .describe(
        'sqlite: a file of its volume, enough for a team. postgres: a server of its own, for many who work at once. Chosen before the first start: nothing moves from one to the other.',
      ),
    postgres: z
      .strictObject({
        memory: size.default('512Mi').describe('Memory of PostgreSQL.'),
        storage: size
          .default('10Gi')
          .describe('Its volume; of a server elsewhere, the room that a copy of it takes.'),
        server: databaseServerSchema.optional(),
      })
      .prefault({})
      .describe('Where database is postgres.'),
    ssh: z
      .boolean()
      .default(false)
      .describe('Whether people may also clone and push by SSH: ssh://git@git.<domain>:2222/…'),
    organizations: z
      .array(giteaName)
      .max(100)
      .default([])
      .describe(
        'Organisations that are made there, and whose repositories Bellows may tell of commits. To others the account bellows-bot is added by hand.',
      ),
  })
  .superRefine(({ database, postgres: { server } }, context) => {
    if (server !== undefined && database !== 'postgres')
      context.addIssue({
        code: 'custom',
        path: ['database'],
        message: 'expected "postgres", since postgres.server names one',
      });
  })
  .prefault({});

interface Mirrored {
  readonly gitea: Pick<z.infer<typeof giteaSchema>, 'mirrors'>;
  readonly pools: Readonly<Record<string, unknown>>;
}

/** Mirrors whose jobs would run nowhere. */
export function findHomeless({
  gitea: { mirrors },
  pools,
}: Mirrored): { path: (string | number)[]; message: string }[] {
  const names = Object.keys(pools).sort();
  return mirrors.flatMap(({ pool }, place) =>
    (pool === undefined ? names.length === 1 : names.includes(pool))
      ? []
      : [
          {
            path: ['gitea', 'mirrors', place, ...(pool === undefined ? [] : ['pool'])],
            message: `expected a pool of the cluster for its jobs: pool: ${names.join(', or ')}`,
          },
        ],
  );
}

/** How a mirror is called in Gitea: `https://github.com/acme/site.git` → `site` */
export function toMirrorName({ from, name }: { from: string; name?: string | undefined }): string {
  return name ?? (new URL(from).pathname.split('/').at(-1) ?? '').replace(/\.git$/, '');
}
