import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { buildPrograms, hashSources } from '../../../../services/local/bundle/build.ts';

let root: string;

/** A clone with four programs that share a module, one of them unused in it. */
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bellows-test-bundle-'));
  for (const name of ['api', 'agent', 'backup', 'local/up', 'core/room'])
    await mkdir(join(root, 'services', name), { recursive: true });
  await writeFile(join(root, 'package-lock.json'), '{}');
  // As our own says: no module does anything at import.
  await writeFile(join(root, 'package.json'), '{"sideEffects":false}');
  const main = (name: string) => `import { used } from '${name}core/room/index.ts';\nconsole.log(used());\n`;
  await writeFile(join(root, 'services/api/main.ts'), main('../'));
  await writeFile(join(root, 'services/agent/main.ts'), main('../'));
  await writeFile(join(root, 'services/backup/main.ts'), main('../'));
  await writeFile(join(root, 'services/local/up/main.ts'), main('../../'));
  await writeFile(
    join(root, 'services/core/room/index.ts'),
    "export * from './used.ts';\nexport * from './unused.ts';\n",
  );
  await writeFile(join(root, 'services/core/room/used.ts'), "export const used = (): string => 'works';\n");
  await writeFile(
    join(root, 'services/core/room/unused.ts'),
    "import { huge } from 'huge';\nexport const unused = () => huge();\n",
  );
  await mkdir(join(root, 'node_modules/huge'), { recursive: true });
  await writeFile(join(root, 'node_modules/huge/package.json'), '{"name":"huge","main":"x.js"}');
  await writeFile(join(root, 'node_modules/huge/x.js'), 'exports.huge = () => "HUGE";\n');
});
afterEach(() => rm(root, { recursive: true }));

test('a bundle runs from anywhere, and holds nothing that its program does not use', async () => {
  const folder = await buildPrograms(root, join(root, 'home'));
  expect((await readdir(folder)).sort()).toEqual(['agent.cjs', 'api.mjs', 'backup.mjs', 'up.mjs']);
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'api.mjs')], { cwd: '/' });
  expect(stdout).toBe('works\n');
  const { stdout: found } = await promisify(execFile)('grep', ['-c', 'HUGE', join(folder, 'api.mjs')]).catch(
    (error: { stdout: string }) => error,
  );
  expect(found).toBe('0\n');
});

test('what the agent imports later is a file of its own, and so is what that imports later', async () => {
  await writeFile(
    join(root, 'services/agent/main.ts'),
    "void import('./later.ts').then(({ later }) => later());\n",
  );
  await writeFile(
    join(root, 'services/agent/later.ts'),
    "export const later = async () => console.log((await import('../core/room/index.ts')).used());\n",
  );
  const folder = await buildPrograms(root, join(root, 'home'));
  expect((await readdir(folder)).filter((name) => name.endsWith('.cjs')).sort()).toEqual([
    'agent-later.cjs',
    'agent-room.cjs',
    'agent.cjs',
  ]);
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'agent.cjs')], { cwd: '/' });
  expect(stdout).toBe('works\n');
});

test('the same sources are bundled once, others anew, and old ones are cleared away', async () => {
  const first = await buildPrograms(root, join(root, 'home'));
  const { ino } = await stat(join(first, 'up.mjs'));
  expect(await buildPrograms(root, join(root, 'home'))).toBe(first);
  expect((await stat(join(first, 'up.mjs'))).ino).toBe(ino);
  await utimes(first, 1, 1);
  for (let n = 0; n < 4; n++) {
    await writeFile(
      join(root, 'services/core/room/used.ts'),
      `export const used = (): string => 'works ${n}';\n`,
    );
    expect(await buildPrograms(root, join(root, 'home'))).not.toBe(first);
  }
  const cached = await readdir(join(root, 'node_modules/.cache/bellows'));
  expect(cached).toHaveLength(4);
  expect(cached).not.toContain(first.split('/').at(-1));
});

test('other packages make another bundle of the same sources', async () => {
  const before = await hashSources(root);
  await writeFile(join(root, 'package-lock.json'), '{"x":1}');
  expect(await hashSources(root)).not.toBe(before);
});

test('a clone that is not ours to write in is bundled into our own cache', async () => {
  await rm(join(root, 'node_modules'), { recursive: true });
  await writeFile(join(root, 'services/core/room/index.ts'), "export * from './used.ts';\n");
  const folder = await buildPrograms(root, join(root, 'home'));
  expect(folder.startsWith(join(root, 'home/bellows/programs/'))).toBe(true);
  expect(await buildPrograms(root, join(root, 'home'))).toBe(folder);
});
