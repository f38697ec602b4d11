import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Caches } from '../../../../services/core/cache/index.ts';
import { type CacheBench, openCacheBench, save } from '../../../support/cache.ts';

const hasCargo = spawnSync('cargo', ['--version']).status === 0;
if (!hasCargo) process.stderr.write('skipped: builds with caches (there is no cargo on the path)\n');

let bench: CacheBench;
beforeEach(async () => {
  bench = await openCacheBench();
});
afterEach(() => bench.close());

const crate = (name: string, more = '') =>
  `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n${more}`;

/** A workspace of path dependencies alone: nothing is fetched. */
const project = (word: string, given: Record<string, string> = {}) => ({
  'Cargo.toml': '[workspace]\nresolver = "2"\nmembers = ["app", "words", "stamp"]\n',
  'Cargo.lock': [
    'version = 4',
    '[[package]]\nname = "app"\nversion = "0.1.0"\ndependencies = ["stamp", "words"]',
    '[[package]]\nname = "stamp"\nversion = "0.1.0"',
    '[[package]]\nname = "words"\nversion = "0.1.0"\n',
  ].join('\n\n'),
  'app/Cargo.toml': crate(
    'app',
    '[dependencies]\nwords = { path = "../words" }\nstamp = { path = "../stamp" }\n',
  ),
  'app/src/main.rs': 'fn main() { println!("{} {}", words::word(), stamp::NAMES); }\n',
  'words/Cargo.toml': crate('words'),
  'words/src/lib.rs': `pub fn word() -> &'static str { "${word}" }\n`,
  'stamp/Cargo.toml': crate('stamp', 'build = "build.rs"\n'),
  'stamp/src/lib.rs': 'pub const NAMES: &str = env!("NAMES");\n',
  // It looks at a folder: what is new there, and what is gone, is seen by the time of the folder alone.
  'stamp/build.rs': `fn main() {
    println!("cargo:rerun-if-changed=data");
    let mut names: Vec<_> = std::fs::read_dir("data").unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    println!("cargo:rustc-env=NAMES={}", names.join("+"));
  }\n`,
  'stamp/data/one': '1',
  ...given,
});

/** Builds as a step would. @returns what was compiled, and what the program prints */
function build(caches: Caches | undefined): { compiled: string[]; prints: string } {
  const { tree, home } = bench.workspace;
  const { PATH = '', RUSTUP_HOME = join(process.env.HOME ?? '', '.rustup') } = process.env;
  const env = { PATH, RUSTUP_HOME, HOME: home, ...caches?.variables };
  const args = ['build', '--offline', '--locked', '--message-format=json'];
  const output = execFileSync('cargo', args, { cwd: tree, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const compiled = output
    .toString()
    .split('\n')
    .filter((line) => line.includes('"compiler-artifact"'))
    .map((line): { fresh: boolean; target: { name: string } } => JSON.parse(line))
    .flatMap(({ fresh, target }) => (fresh ? [] : [target.name]))
    .sort();
  return { compiled, prints: execFileSync(join(tree, 'target/debug/app'), { encoding: 'utf8' }).trim() };
}

async function job(files: Record<string, string>, given: Parameters<CacheBench['begin']>[1] = {}) {
  const caches = await bench.begin(files, given);
  const built = build(caches);
  await save(caches);
  return built;
}

const all = ['app', 'build-script-build', 'stamp', 'words'];

const withCargo = hasCargo ? test : test.skip;

withCargo(
  'what has not changed is not compiled again, and after X → Y → X the program is that of X',
  async () => {
    expect(await job(project('X'))).toEqual({ compiled: all, prints: 'X one' });
    expect(await job(project('X'))).toEqual({ compiled: [], prints: 'X one' });
    expect(await job(project('Y'))).toEqual({ compiled: ['app', 'words'], prints: 'Y one' });
    expect(await job(project('X'))).toEqual({ compiled: ['app', 'words'], prints: 'X one' });
    expect(await job(project('X'))).toEqual({ compiled: [], prints: 'X one' });
  },
  60_000,
);

withCargo(
  'a file that comes into a folder, or leaves it, is noticed by a build script that watches the folder',
  async () => {
    await job(project('X'));
    const more = project('X', { 'stamp/data/two': '2' });
    expect(await job(more)).toEqual({ compiled: ['app', 'stamp'], prints: 'X one+two' });
    expect(await job(more)).toEqual({ compiled: [], prints: 'X one+two' });
    expect(await job(project('X'))).toEqual({ compiled: ['app', 'stamp'], prints: 'X one' });
  },
  60_000,
);

withCargo(
  'what a step has written over a source is not taken for what the commit has',
  async () => {
    const caches = await bench.begin(project('X'));
    writeFileSync(join(bench.workspace.tree, 'words/src/lib.rs'), project('generated')['words/src/lib.rs']);
    expect(build(caches).prints).toBe('generated one');
    await save(caches);
    expect(await job(project('X'))).toEqual({ compiled: ['app', 'words'], prints: 'X one' });
  },
  60_000,
);

withCargo(
  'a failed build is kept too, and what it has not compiled is compiled by the next',
  async () => {
    await job(project('X'));
    const caches = await bench.begin(project('Y', { 'words/src/lib.rs': 'no rust' }));
    expect(() => build(caches)).toThrow();
    await save(caches);
    expect(await job(project('Y'))).toEqual({ compiled: ['app', 'words'], prints: 'Y one' });
  },
  60_000,
);
