/** What a platform repository begins with. */
export interface Answers {
  /** Of its only cluster. */
  readonly cluster: string;
  readonly domain: string;
  readonly arch: 'amd64' | 'arm64';
  /** No more agents than this at a time. */
  readonly agents: number;
  /** Where the repository will be, as Flux reads it; undefined: on the cluster's own Gitea. */
  readonly source: string | undefined;
}

/** The versions that it pins. */
export interface Pins {
  /** What npm installs as `bellows`: a version, an address of git with a commit, a folder, an archive. */
  readonly bellows: string;
  readonly cdk8sCli: string;
  readonly tsx: string;
}

/** Path → text. */
export type Files = Readonly<Record<string, string>>;

export function toFiles(answers: Answers, pins: Pins, schema: string): Files {
  return {
    'platform.yaml': toPlatformYaml(answers),
    'units.ts': unitsFile,
    'main.ts': mainFile,
    'cdk8s.yaml': cdk8sFile,
    'package.json': toPackageJson(pins),
    'platform.schema.json': schema,
    '.npmrc':
      'omit-lockfile-registry-resolved=true\nignore-scripts=true\nsave-exact=true\ninstall-links=true\n',
    '.gitignore': 'node_modules/\n/.synth\n/.dist.*\n',
    '.bellows.yaml': pipelineFile,
    'state/README.md': stateFile,
    'README.md': readmeFile,
  };
}

function toPlatformYaml({ cluster, domain, arch, agents, source }: Answers): string {
  return `# yaml-language-server: $schema=platform.schema.json
${source === undefined ? '' : `source:\n  url: ${JSON.stringify(source)}\n`}clusters:
  ${cluster}:
    domain: ${domain}
    pools:
      ${arch}:
        arch: ${arch}
        max: ${agents}
`;
}

const mainFile = `import { synth } from 'bellows/charts';
import { units } from './units.ts';

process.exitCode = synth(units, process.stderr);
`;

const unitsFile = `import { type Cluster, toUnits, type Unit } from 'bellows/charts';

/** Everything of Bellows, and beside it what is yours: one more entry, for example
 *  { name: 'wiki', after: ['network'], build: (app) => new Wiki(app) } with a Chart of cdk8s. */
export function units(cluster: Cluster): Unit[] {
  return [...toUnits(cluster)];
}
`;

const cdk8sFile = `language: typescript
app: NODE_COMPILE_CACHE= node node_modules/bellows/charts/app.mjs main.ts
# The command deletes this before it starts the app: a link, which the app points at dist/.
output: .synth
`;

const pipelineFile = `when:
  - event: [push, pull_request]
steps:
  - name: check
    commands:
      - npm ci
      - npm run synth
      - git add --intent-to-add dist && git diff --exit-code dist || { echo 'dist/ is stale; run npm run synth and commit it'; exit 1; }
      - npx bellows check
  - name: diff
    when:
      - event: pull_request
    environment:
      FORGE_TOKEN: { from_secret: forge_token }
    commands:
      - git fetch --quiet origin "$CI_COMMIT_TARGET_BRANCH"
      - npx bellows diff FETCH_HEAD --post
`;

const stateFile = `# State

What controllers commit, as data (placements, releases, flags); the same synth reads it. Nothing here is written by hand.
`;

const readmeFile = `# Platform

\`platform.yaml\` says what runs; \`npm run synth\` renders it into \`dist/\`, which Flux applies. Review \`dist/\`, push; going
back is \`git revert\`.

\`\`\`sh
npm run synth           # after each change of platform.yaml or units.ts
npx bellows check       # whether it would work
npx bellows diff        # what it does to the clusters
npx bellows upgrade     # what a newer Bellows would change
\`\`\`
`;

function toPackageJson({ bellows, cdk8sCli, tsx }: Pins): string {
  const content = {
    name: 'platform',
    private: true,
    type: 'module',
    scripts: { synth: 'CDK8S_CHECK_UPGRADE=false NODE_COMPILE_CACHE=node_modules/.cache/node cdk8s synth' },
    dependencies: { bellows },
    devDependencies: { 'cdk8s-cli': cdk8sCli, tsx },
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}
