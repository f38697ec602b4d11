import type { Path, YamlValue } from './document.ts';
import { artifactsShape, imageShape, reportsShape } from './schema/kinds.ts';
import {
  backendShape,
  cloneSettingsShape,
  cloneShape,
  kubernetesShape,
  needShape,
  resourcesShape,
  serviceShape,
  stepShape,
} from './schema/step.ts';
import { pathShape, patternsShape, whenShape } from './schema/when.ts';
import { cacheShape, concurrencyShape, workflowShape, workspaceShape } from './schema/workflow.ts';

/** A map of the language, by where it stands: `steps` and the like are without their items' names. */
interface Place {
  at: RegExp;
  words: string;
  shape: Readonly<Record<string, unknown>>;
}

const kindShapes: Readonly<Record<string, Place['shape']>> = {
  image: imageShape,
  artifacts: artifactsShape,
  reports: reportsShape,
};

const places: readonly Place[] = [
  { at: /^$/, words: 'at the top', shape: workflowShape },
  { at: /^steps$/, words: 'in step', shape: stepShape },
  { at: /^services$/, words: 'in service', shape: serviceShape },
  { at: /when$/, words: 'in when', shape: whenShape },
  { at: /when\.path$/, words: 'in path', shape: pathShape },
  { at: /when\.(?:branch|ref|repo|instance|platform|cron|matrix)$/, words: 'in $', shape: patternsShape },
  { at: /^clone$/, words: 'in clone', shape: cloneShape },
  { at: /^clone\.settings$/, words: 'in the settings of clone', shape: cloneSettingsShape },
  { at: /depends_on$/, words: 'in depends_on', shape: needShape },
  { at: /^concurrency$/, words: 'in concurrency', shape: concurrencyShape },
  { at: /^workspace$/, words: 'in workspace', shape: workspaceShape },
  { at: /^cache$/, words: 'in cache', shape: cacheShape },
  { at: /backend_options$/, words: 'in backend_options', shape: backendShape },
  { at: /backend_options\.kubernetes$/, words: 'in kubernetes', shape: kubernetesShape },
  { at: /kubernetes\.resources$/, words: 'in resources', shape: resourcesShape },
  {
    at: /resources\.(?:requests|limits)$/,
    words: 'in $',
    shape: { cpu: true, memory: true, 'ephemeral-storage': true },
  },
];

/** What is refused for a reason, or was written otherwise in older versions and elsewhere: what to do instead. */
const explained: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'at the top': {
    pipeline: 'since Woodpecker v1 it is `steps`',
    branches: 'since Woodpecker v1 it is `when: { branch: … }`',
    branch: 'it is `when: { branch: … }`',
    platform: 'since Woodpecker v1 it is `labels: { platform: linux/arm64 }`',
    secrets: 'name each where it is used: environment: { TOKEN: { from_secret: token } }',
    image: 'each step has its own; for one in common use an anchor under `variables`',
    on: 'that is of GitHub Actions; here it is `when: { event: push }`',
    jobs: 'that is of GitHub Actions; here it is `steps`',
    env: 'that is of GitHub Actions; here each step has `environment`',
    stages: 'that is of GitLab; here it is `steps`, with `depends_on` where they run side by side',
    script: 'that is of GitLab; here a step has `commands`',
    crons: 'schedules are kept with the repository, not in the file',
    cron: 'schedules are kept with the repository; here it is `when: { event: cron, cron: nightly }`',
    type: 'that is of Drone; leave it out',
    trigger: 'that is of Drone; here it is `when`',
    volumes: 'each step has its own',
    networks: 'all services and steps of a job reach each other by name',
  },
  'in step': {
    secrets:
      'since Woodpecker v3 each is named where it is used: environment: { TOKEN: { from_secret: token } }',
    group: 'since Woodpecker v3 it is `depends_on`: steps with the same needs run side by side',
    run: 'that is of GitHub Actions; here it is `commands`',
    uses: 'that is of GitHub Actions; here a plugin is an `image` with `settings`',
    with: 'that is of GitHub Actions; here a plugin has `settings`',
    env: 'that is of GitHub Actions; here it is `environment`',
    script: 'that is of GitLab; here it is `commands`',
    ports: 'ports are of `services`; a step with `detach: true` needs none',
    ...denials(),
  },
  'in service': {
    secrets:
      'since Woodpecker v3 each is named where it is used: environment: { TOKEN: { from_secret: token } }',
    detach: 'a service always runs beside the steps',
    depends_on: 'services begin before the first step',
    ...denials(),
  },
  'in when': {
    environment:
      'since Woodpecker v1 it is `event: deployment` and `evaluate: CI_PIPELINE_DEPLOY_TARGET == "production"`',
    tag: 'it is `event: tag` and `ref: refs/tags/v*`',
  },
  'in clone': {
    depth: 'it belongs under settings',
    when: 'it is the same for each event; `skip_clone: true` and a step can differ',
  },
  'in kubernetes': Object.fromEntries(
    [
      'serviceAccountName',
      'nodeSelector',
      'tolerations',
      'affinity',
      'securityContext',
      'hostUsers',
      'runtimeClassName',
      'labels',
      'annotations',
      'secrets',
      'workspaceVolume',
    ].map((key) => [
      key,
      'whoever runs the platform says what agents are like; a file asks for a pool by `labels`',
    ]),
  ),
  'in backend_options': { docker: 'a step runs as the user of its agent' },
};

function denials(): Record<string, string> {
  return {
    privileged: 'no step runs privileged; images are built by `kind: image`',
    devices: 'no repository is trusted with devices of the machine',
    tmpfs: 'write to "$TMPDIR" or below the workspace',
    dns: 'no repository is trusted with the network of the machine',
    dns_search: 'no repository is trusted with the network of the machine',
    extra_hosts:
      'no repository is trusted with the network of the machine; `services` are reached by their names',
    network_mode: 'no repository is trusted with the network of the machine',
  };
}

/** What to say of a key that cannot stand here. */
export function explainKey(key: string, path: Path, file: YamlValue): { problem: string; hint?: string } {
  const name = JSON.stringify(key.length > 60 ? `${key.slice(0, 57)}...` : key);
  const { words, shape } = toPlace(path, file);
  const own = explained[words];
  if (own !== undefined && Object.hasOwn(own, key)) {
    const problem = Object.hasOwn(denials(), key)
      ? `${name} is not for any step`
      : `${name} cannot stand ${words}`;
    return { problem, hint: own[key] ?? '' };
  }
  const problem = `unknown key ${name} ${words}`;
  const known = Object.keys(shape).filter((one) => one !== '$schema');
  const nearest = toNearest(key, known);
  if (nearest !== undefined) return { problem, hint: `did you mean ${JSON.stringify(nearest)}?` };
  const elsewhere = places.find((place) => place.shape !== shape && Object.hasOwn(place.shape, key));
  const isPlain = elsewhere !== undefined && !elsewhere.words.includes('$');
  return { problem, hint: isPlain ? `it belongs ${elsewhere.words}` : `expected ${known.join(', ')}` };
}

function toPlace(path: Path, file: YamlValue): Omit<Place, 'at'> {
  const isNamed = ['steps', 'services', 'clone', 'cache'].includes(String(path[0])) && path.length > 1;
  const keys = path.filter((part, i) => typeof part !== 'number' && !(isNamed && i === 1)).map(String);
  const key = keys.join('.');
  const place = places.find(({ at }) => at.test(key));
  if (place !== undefined) return { words: place.words.replace('$', keys.at(-1) ?? ''), shape: place.shape };
  const step = path.slice(0, 2).reduce<unknown>((inner, part) => Object(inner)[part], file);
  const kind = String(Object(step).kind);
  return { words: `in the settings of kind ${kind}`, shape: kindShapes[kind] ?? {} };
}

/** The one of `words` that a slip of the finger leads from, if any is near enough. */
export function toNearest(given: string, words: readonly string[]): string | undefined {
  if (given.length > 40) return undefined;
  const [best] = words
    .map((word) => ({ word, distance: toDistance(given.toLowerCase(), word.toLowerCase()) }))
    .sort((left, right) => left.distance - right.distance);
  return best !== undefined &&
    best.word.length > 2 &&
    best.distance <= Math.max(1, Math.floor(best.word.length / 3))
    ? best.word
    : undefined;
}

/** How many letters have to be added, removed, changed or swapped with the next one. */
function toDistance(left: string, right: string): number {
  const rows: number[][] = Array.from({ length: left.length + 1 }, (_, i) =>
    Array.from({ length: right.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
  );
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= left.length; i += 1) {
    for (let j = 1; j <= right.length; j += 1) {
      const same = left[i - 1] === right[j - 1] ? 0 : 1;
      let cost = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + same);
      if (i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1])
        cost = Math.min(cost, at(i - 2, j - 2) + 1);
      (rows[i] as number[])[j] = cost;
    }
  }
  return at(left.length, right.length);
}
