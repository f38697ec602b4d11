import { describe, expect, test } from '@jest/globals';
import { detectPlan, explainDetection } from '../../../../services/core/pipeline/index.ts';

/** The commands for a tree of these files, by step. */
function detect(files: Record<string, string>) {
  const plan = detectPlan({ names: Object.keys(files), text: (name) => files[name] });
  return plan === undefined
    ? undefined
    : Object.fromEntries(plan.steps.map(({ name, commands }) => [name, commands]));
}

const scripts = (given: object, more: object = {}) => JSON.stringify({ scripts: given, ...more });

describe('without a pipeline file', () => {
  test.each([
    [{ 'Cargo.toml': '', 'Cargo.lock': '' }, { cargo: ['cargo build --locked', 'cargo test --locked'] }],
    [{ 'Cargo.toml': '' }, { cargo: ['cargo build', 'cargo test'] }],
    [{ 'go.mod': '' }, { go: ['go build ./...', 'go test ./...'] }],
    [
      { 'package.json': scripts({ test: 'x' }), 'package-lock.json': '' },
      { npm: ['npm ci', 'npm run test'] },
    ],
    [{ 'package.json': scripts({ test: 'x', build: 'y' }) }, { npm: ['npm run build', 'npm run test'] }],
    [{ 'package.json': scripts({}, { dependencies: { a: '1' } }) }, { npm: ['npm install'] }],
    [{ 'package.json': scripts({ test: 'echo "Error: no test specified" && exit 1' }) }, undefined],
    [{ 'package.json': '{', 'pnpm-lock.yaml': '' }, { pnpm: ['pnpm install --frozen-lockfile'] }],
    [{ 'package.json': 'null', 'yarn.lock': '' }, { yarn: ['yarn install --frozen-lockfile'] }],
    [
      { 'package.json': scripts({ test: 'x' }), 'yarn.lock': '', '.yarnrc.yml': '' },
      { yarn: ['yarn install --immutable', 'yarn run test'] },
    ],
    [{ 'README.md': '' }, undefined],
  ])('%j runs %j', (files, expected) => {
    expect(detect(files as Record<string, string>)).toEqual(expected);
  });

  test('Python is installed into an environment of its own, and tested by what it uses', () => {
    const venv = ['python3 -m venv "$HOME/venv"', '. "$HOME/venv/bin/activate"'];
    expect(detect({ 'pyproject.toml': '[project]\nname = "a"\n[tool.pytest.ini_options]' })).toEqual({
      python: [...venv, 'pip install .', 'pip install pytest', 'python -m pytest'],
    });
    expect(detect({ 'requirements.txt': 'flask', 'tests/': '' })).toEqual({
      python: [...venv, 'pip install -r requirements.txt', 'python -m unittest discover -s tests'],
    });
  });

  test('several kinds in one tree are one step each, and the log says what was found', () => {
    const plan = detectPlan({ names: ['go.mod', 'Cargo.toml'], text: () => undefined });
    expect(plan && explainDetection(plan)).toBe(
      [
        'No pipeline file. Found Cargo.toml, go.mod, so this runs:',
        '  cargo: cargo build && cargo test',
        '  go: go build ./... && go test ./...',
        'To run something else, write .bellows.yaml.',
        '',
      ].join('\n'),
    );
  });
});
