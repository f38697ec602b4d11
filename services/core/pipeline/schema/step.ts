import * as z from 'zod';
import { kinds } from './kinds.ts';
import {
  anything,
  duration,
  flag,
  list,
  named,
  ours,
  says,
  some,
  text,
  variableName,
  whole,
} from './scalar.ts';
import { whenSchema } from './when.ts';

const name = text.regex(/^[^\p{Cc}]{1,100}$/u, 'expected a name of 1 to 100 characters on one line');
const image = text.max(500, 'expected the name of an image');
const commands = some(text, 'commands', 500);

export const needShape = {
  name: says(name, 'Of the step or workflow.'),
  optional: says(flag.optional(), '`true`: does without it where its `when` leaves it out.'),
};

const need = z.union([name, z.strictObject(needShape)], { error: 'expected a name, or name and optional' });
export const needsSchema = z
  .union([name, list(need, 'names')], { error: 'expected a name or a list of names' })
  .meta({ id: 'needs' });

const quantities = z
  .strictObject(
    Object.fromEntries(
      ['cpu', 'memory', 'ephemeral-storage'].map((resource) => [
        resource,
        text
          .regex(
            /^\d{1,12}(?:\.\d{1,3})?(?:m|k|Ki|M|Mi|G|Gi|T|Ti)?$/,
            'expected a quantity such as 500m or 2Gi',
          )
          .optional(),
      ]),
    ) as Record<'cpu' | 'memory' | 'ephemeral-storage', z.ZodOptional<typeof text>>,
  )
  .optional();
export const resourcesShape = {
  requests: says(quantities, 'What has to be free.'),
  limits: says(quantities, 'What it may use at most.'),
};
export const kubernetesShape = {
  resources: says(
    z.strictObject(resourcesShape).optional(),
    '`cpu`, `memory` and `ephemeral-storage` of the step. What cannot be held its log says.',
  ),
};
export const backendShape = {
  kubernetes: says(z.strictObject(kubernetesShape).optional(), 'Where steps run in Kubernetes.'),
};

const shared = {
  name: says(name.optional(), 'Default: `step-` and its place in the list, from 0; in a map, its key.'),
  image: says(
    image.optional(),
    'The container image that it runs in. Where steps run on the machine itself it is not used, and the log says so; there it may be left out.',
  ),
  pull: says(flag.optional(), '`true`: asks the registry for a newer image even where one is there.'),
  commands: says(
    commands.optional(),
    'Run one after the other by `sh -e`, each printed first; the first that fails ends the step. Nothing in them is replaced before the shell sees it.',
  ),
  entrypoint: says(some(text, 'words').optional(), 'What the container runs in place of its own.'),
  environment: says(
    z.record(variableName, anything, { error: 'expected variables and their values' }).optional(),
    'Variables and their values. A list becomes text with commas, a map becomes JSON, `{ from_secret: name }` a secret of the repository.',
  ),
  settings: says(
    z
      .record(z.string().regex(/^[A-Za-z_][\w.-]{0,99}$/, 'expected letters, digits, _, . and -'), anything, {
        error: 'expected settings and their values',
      })
      .optional(),
    'Of a plugin: each becomes a variable, `dry-run` is `PLUGIN_DRY_RUN`. Of our own kinds: see below.',
  ),
  directory: says(text.optional(), 'Where it runs, below the workspace. Default: `.`.'),
  when: whenSchema.optional(),
  volumes: says(
    list(
      text.regex(
        /^(?:\/[^:,\p{Cc}]*|[A-Za-z0-9][\w.-]{0,99}):\/[^:,\p{Cc}]*(?::r[ow])?$/u,
        'expected /folder:/place, or a name:/place, with :ro where it only reads',
      ),
      'volumes',
      20,
    ).optional(),
    'Folders of the machine, or volumes that stay there: `/folder:/place:ro`. Only in containers, and only where an admin trusts the repository with them.',
  ),
  backend_options: says(
    z.strictObject(backendShape).optional(),
    '`kubernetes.resources`, and nothing else: what it may use where it runs in a container, of docker and podman, too. The agent’s own limits hold beside it.',
  ),
};

export const stepShape = {
  ...shared,
  failure: says(
    z.enum(['fail', 'ignore', 'cancel'], { error: 'expected fail, ignore or cancel' }).optional(),
    '`ignore`: a failure is shown, and the next steps run. `cancel`: a failure cancels the whole pipeline. Default: `fail`.',
  ),
  detach: says(
    flag.optional(),
    '`true`: the next step does not wait for it; it is ended after the last one.',
  ),
  depends_on: says(
    needsSchema.optional(),
    'Steps that have to end first. Where any step of a file has it, all others begin at once, side by side; `[]` is enough.',
  ),
  kind: ours(
    says(
      z.enum(kinds, { error: `expected ${kinds.join(', ')}` }).optional(),
      'A step that the agent runs itself, by its `settings`. Default: `commands`, or a plugin where there are none.',
    ),
  ),
  timeout: ours(
    says(duration.optional(), 'How long it may run: `10m`, `1h30m`. Default: as long as the job.'),
  ),
};

export const serviceShape = {
  ...shared,
  name: says(name.optional(), 'Steps reach it by this name. Needed in a list; in a map, its key.'),
  failure: says(
    z.enum(['fail', 'ignore'], { error: 'expected fail or ignore' }).optional(),
    '`ignore`: how it ends does not matter. Default: `fail`.',
  ),
  ports: says(
    list(
      text.regex(/^\d{1,5}(?:\/(?:tcp|udp))?$/, 'expected a port such as 5432 or 53/udp'),
      'ports',
    ).optional(),
    'The first step waits until each of these (TCP) answers.',
  ),
};

const toStep = <T extends z.ZodRawShape>(shape: T, what: string) =>
  z
    .strictObject(shape, { error: `expected a ${what} with its keys: image, commands and the like` })
    .meta({ id: what });

export const stepSchema = toStep(stepShape, 'step');
const serviceSchema = toStep(serviceShape, 'service');
export const stepsSchema = says(
  named(stepSchema, 'steps'),
  'What is run, in the order of the file, as a list or by name.',
);
export const servicesSchema = says(
  named(serviceSchema, 'services', 20),
  'What runs beside the steps: begun before the first, ended after the last. Each is reached by its name.',
);

export const cloneSettingsShape = {
  depth: says(whole(0, 1_000_000).optional(), 'How many commits; 0 for all. Default: the agent’s choice.'),
  partial: says(flag.optional(), 'Leaves out what no file of the commit needs.'),
  lfs: says(
    flag.optional(),
    'Files in Git LFS, where the `.gitattributes` at the top names some, from the repository’s own forge. Default: `true`.',
  ),
  recursive: says(flag.optional(), 'With submodules, those of the repository’s own forge.'),
  tags: says(flag.optional(), 'With all tags. Default: of a tag only.'),
};

export const cloneShape = {
  name: says(name.optional(), 'Of no meaning.'),
  image: says(
    image.optional(),
    'Of Woodpecker’s git plugin: what it does, the agent does itself. Another image is refused.',
  ),
  settings: says(z.strictObject(cloneSettingsShape).optional(), 'How it is cloned.'),
};

export const cloneSchema = says(
  named(z.strictObject(cloneShape, { error: 'expected image and settings' }), 'clone steps', 1),
  'How the repository is fetched.',
);

export type StepFile = z.infer<typeof stepSchema> & { ports?: undefined };
export type ServiceFile = z.infer<typeof serviceSchema>;
export type NeedsFile = z.infer<typeof needsSchema>;
