import { type Plan, planDefaults, stepDefaults } from './plan.ts';

/** The top of a tree: its names, folders with a slash at the end, and the text of a file. */
export interface TreeTop {
  names: readonly string[];
  /** Undefined where the file is not there, is not plain, or is too large. */
  text(name: string): string | undefined;
}

/** What to run in a repository that has no pipeline file, or undefined where nothing is recognised. */
export function detectPlan(top: TreeTop): Plan | undefined {
  const found = [detectCargo(top), detectNode(top), detectPython(top), detectGo(top)].filter(
    (one) => one !== undefined,
  );
  if (found.length === 0) return undefined;
  return {
    ...planDefaults,
    source: found.map(({ from }) => from).join(', '),
    detected: true,
    workflow: 'detected',
    when: [],
    steps: found.map(({ name, commands }) => ({ ...stepDefaults, name, commands })),
  };
}

/** What the log says of it: what was recognised, and how to say it oneself. */
export function explainDetection(plan: Plan): string {
  const steps = plan.steps.map(({ name, commands }) => `  ${name}: ${commands.join(' && ')}`);
  return [
    `No pipeline file. Found ${plan.source}, so this runs:`,
    ...steps,
    'To run something else, write .bellows.yaml.',
    '',
  ].join('\n');
}

interface Detected {
  name: string;
  from: string;
  commands: readonly string[];
}

function detectCargo({ names }: TreeTop): Detected | undefined {
  if (!names.includes('Cargo.toml')) return undefined;
  const locked = names.includes('Cargo.lock') ? ' --locked' : '';
  return { name: 'cargo', from: 'Cargo.toml', commands: [`cargo build${locked}`, `cargo test${locked}`] };
}

function detectNode({ names, text }: TreeTop): Detected | undefined {
  if (!names.includes('package.json')) return undefined;
  const manifest = readManifest(text('package.json'));
  const scripts = ['build', 'test'].filter((script) => isScript(manifest.scripts[script]));
  const tool = toNodeTool(names);
  const needsInstall = tool.locked || manifest.hasDependencies;
  const commands = [
    ...(needsInstall ? [tool.install] : []),
    ...scripts.map((script) => `${tool.name} run ${script}`),
  ];
  return commands.length === 0 ? undefined : { name: tool.name, from: 'package.json', commands };
}

function toNodeTool(names: readonly string[]): { name: string; install: string; locked: boolean } {
  if (names.includes('pnpm-lock.yaml'))
    return { name: 'pnpm', install: 'pnpm install --frozen-lockfile', locked: true };
  if (names.includes('yarn.lock')) {
    // Yarn 2 and later; 1 calls it otherwise.
    const frozen = names.includes('.yarnrc.yml') ? '--immutable' : '--frozen-lockfile';
    return { name: 'yarn', install: `yarn install ${frozen}`, locked: true };
  }
  const locked = names.includes('package-lock.json') || names.includes('npm-shrinkwrap.json');
  return { name: 'npm', install: locked ? 'npm ci' : 'npm install', locked };
}

function readManifest(text: string | undefined): {
  scripts: Record<string, unknown>;
  hasDependencies: boolean;
} {
  try {
    const { scripts, dependencies, devDependencies } = JSON.parse(text ?? '{}') ?? {};
    return {
      scripts: typeof scripts === 'object' && scripts !== null ? { ...scripts } : {},
      hasDependencies: [dependencies, devDependencies].some((one) => Object.keys(one ?? {}).length > 0),
    };
  } catch {
    // npm itself says it better than we could.
    return { scripts: {}, hasDependencies: true };
  }
}

/** `npm init` writes a test that only fails. */
const isScript = (script: unknown): boolean =>
  typeof script === 'string' && !script.includes('no test specified');

function detectPython({ names, text }: TreeTop): Detected | undefined {
  const projects = ['pyproject.toml', 'setup.py', 'setup.cfg'].filter((name) => names.includes(name));
  const requirements = ['requirements.txt', 'requirements-dev.txt'].filter((name) => names.includes(name));
  const [from] = [...projects, ...requirements];
  if (from === undefined) return undefined;
  const usesPytest =
    [...projects, ...requirements].some((name) => text(name)?.includes('pytest') === true) ||
    names.includes('pytest.ini') ||
    names.includes('conftest.py');
  const isPackage =
    names.includes('setup.py') || /^\[(?:build-system|project)\]/m.test(text('pyproject.toml') ?? '');
  const tests = ['tests/', 'test/'].find((name) => names.includes(name));
  return {
    name: 'python',
    from,
    commands: [
      'python3 -m venv "$HOME/venv"',
      '. "$HOME/venv/bin/activate"',
      ...requirements.map((name) => `pip install -r ${name}`),
      ...(isPackage ? ['pip install .'] : []),
      ...(usesPytest ? ['pip install pytest', 'python -m pytest'] : [toUnittest(tests)]),
    ],
  };
}

const toUnittest = (tests: string | undefined): string =>
  `python -m unittest discover${tests === undefined ? '' : ` -s ${tests.slice(0, -1)}`}`;

function detectGo({ names }: TreeTop): Detected | undefined {
  if (!names.includes('go.mod')) return undefined;
  return { name: 'go', from: 'go.mod', commands: ['go build ./...', 'go test ./...'] };
}
