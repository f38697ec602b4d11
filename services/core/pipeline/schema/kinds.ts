import * as z from 'zod';
import { secretNameSchema } from '../../job/index.ts';
import { flag, says, some, text } from './scalar.ts';

/** The steps that an agent runs by itself, and the settings of each. */

const folder = text.max(500, 'expected at most 500 characters');
const secret = z.strictObject({ from_secret: z.string().pipe(secretNameSchema) });

export const imageShape = {
  repo: says(folder, 'Where the image goes: `registry.example/team/app`.'),
  registry: says(folder.optional(), 'The registry, where `repo` does not begin with it.'),
  tags: says(some(folder, 'tags').optional(), 'Default: `latest`.'),
  dockerfile: says(folder.optional(), 'Below the workspace. Default: `Dockerfile`.'),
  context: says(folder.optional(), 'The folder that is sent to the build. Default: `.`.'),
  target: says(folder.optional(), 'The stage to build. Default: the last.'),
  platforms: says(some(folder, 'platforms').optional(), 'As in `linux/arm64`. Default: the agent’s own.'),
  build_args: says(
    z
      .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of a variable'), text)
      .optional(),
    'Values of the file’s `ARG`s.',
  ),
  cache: says(flag.optional(), 'Keeps layers for the next build. Default: `true`.'),
  push: says(flag.optional(), '`false`: builds only. Default: `true`.'),
  username: says(
    z.union([text, secret], { error: 'expected a name, or from_secret' }).optional(),
    'For the registry.',
  ),
  password: says(
    secret.optional(),
    'For the registry; of a secret of the repository only: `{ from_secret: registry_password }`.',
  ),
};

export const artifactsShape = {
  name: says(text.max(100, 'expected at most 100 characters').optional(), 'Default: the name of the step.'),
  paths: says(some(folder, 'patterns'), 'Globs of the files to keep, below the workspace.'),
  exclude: says(some(folder, 'patterns').optional(), 'Globs of files to leave out.'),
};

export const reportsShape = {
  junit: says(some(folder, 'patterns').optional(), 'Globs of JUnit files.'),
  coverage: says(some(folder, 'patterns').optional(), 'Globs of LCOV or Cobertura files.'),
};

export const kindSchemas = {
  image: z.strictObject(imageShape, { error: 'expected `settings` with repo' }),
  artifacts: z.strictObject(artifactsShape, { error: 'expected `settings` with paths' }),
  reports: z
    .strictObject(reportsShape, { error: 'expected `settings` with junit or coverage' })
    .refine(
      ({ junit, coverage }) => junit !== undefined || coverage !== undefined,
      'expected junit or coverage',
    ),
} as const;

export const kinds = ['image', 'artifacts', 'reports'] as const;
export type Kind = (typeof kinds)[number];
