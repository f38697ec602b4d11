import { expect, test } from '@jest/globals';
import { findCaches, toCacheVariables, toKeptVariables } from '../../../../services/core/cache/find.ts';
import { isLockFile } from '../../../../services/core/pipeline/index.ts';

const toNames = (files: string[]) => findCaches(files, 'auto').map(({ name }) => name);

test.each([
  [
    ['Cargo.lock', 'src/main.rs'],
    ['cargo', 'target'],
  ],
  [['package-lock.json'], ['npm']],
  [['web/npm-shrinkwrap.json'], ['npm']],
  [['pnpm-lock.yaml'], ['pnpm']],
  [['yarn.lock', '.yarnrc.yml'], ['yarn']],
  [['requirements-dev.txt'], ['pip']],
  [['pyproject.toml'], ['pip']],
  [['pyproject.toml', 'uv.lock'], ['uv']],
  [['poetry.lock', 'pyproject.toml'], ['poetry']],
  [
    ['docs/requirements.txt', 'pyproject.toml', 'uv.lock'],
    ['pip', 'uv'],
  ],
  [['go.mod', 'go.sum'], ['go']],
  [['README.md', 'src/index.ts'], []],
  [['node_modules/x/package-lock.json', 'vendor/y/go.sum', '.hidden/Cargo.lock'], []],
  [['a/b/Cargo.lock'], ['cargo', 'target']],
  [['a/b/c/Cargo.lock'], []],
])('a tree with %j has %j', (files, names) => {
  expect(toNames(files)).toEqual(names);
  // What is looked for before anything is loaded finds the same.
  if (names.length > 0) expect(files.some((file) => isLockFile(file.split('/').at(-1) ?? ''))).toBe(true);
});

test('each Cargo.lock has its own target folder, and all of them are the key', () => {
  const [, target] = findCaches(['Cargo.lock', 'tools/Cargo.lock'], 'auto');
  expect(target).toMatchObject({
    roots: [
      { in: 'tree', path: 'target' },
      { in: 'tree', path: 'tools/target' },
    ],
    keyFiles: ['Cargo.lock', 'tools/Cargo.lock'],
    isBuilt: true,
    isPlaced: true,
    isTimed: true,
  });
});

test('of Poetry what it has fetched is kept, and not its virtual environments, which it would find broken', () => {
  const paths = findCaches(['poetry.lock'], 'auto').flatMap(({ roots }) => roots.map(({ path }) => path));
  expect(paths).toEqual(['.cache/pypoetry/artifacts', '.cache/pypoetry/cache']);
});

test('`off` has none; what is written down is taken in place of what would be found', () => {
  expect(findCaches(['Cargo.lock'], 'off')).toEqual([]);
  const plan = {
    name: 'assets',
    paths: ['dist/./x/', '~/.cache/assets'],
    key: ['assets/**/*.png', 'Makefile'],
  };
  expect(findCaches(['Cargo.lock', 'Makefile', 'assets/a/b.png', 'assets/c.jpg'], [plan])).toEqual([
    {
      name: 'assets',
      roots: [
        { in: 'tree', path: 'dist/x' },
        { in: 'home', path: '.cache/assets' },
      ],
      keyFiles: ['Makefile', 'assets/a/b.png'],
      isBuilt: true,
      isPlaced: true,
      isTimed: true,
    },
  ]);
});

test.each(['..', '../x', '/etc', '.', '~/', '~/..', '.git', '.git/hooks', 'a/../..'])(
  '%j is no place for a cache',
  (path) => {
    expect(() => findCaches([], [{ name: 'x', paths: [path], key: [] }])).toThrow('below the workspace');
  },
);

test('tools keep their things in the home of the job, whatever an image says', () => {
  const variables = toCacheVariables(
    findCaches(['Cargo.lock', 'go.sum', 'yarn.lock'], 'auto'),
    '/w/home',
    false,
  );
  expect(variables).toEqual({
    CARGO_HOME: '/w/home/.cargo',
    CARGO_INCREMENTAL: '0',
    YARN_CACHE_FOLDER: '/w/home/.cache/yarn',
    GOMODCACHE: '/w/home/go/pkg/mod',
    GOCACHE: '/w/home/.cache/go-build',
  });
  expect(toCacheVariables(findCaches(['yarn.lock'], 'auto'), '/w/home', true)).toEqual({
    YARN_GLOBAL_FOLDER: '/w/home/.yarn/berry',
  });
});

test('on one’s own machine every tool has its place, and cargo compiles as it does there', () => {
  const kept = toKeptVariables('/cache');
  expect(kept).toMatchObject({ CARGO_HOME: '/cache/.cargo', UV_CACHE_DIR: '/cache/.cache/uv' });
  expect(kept).not.toHaveProperty('CARGO_INCREMENTAL');
});
