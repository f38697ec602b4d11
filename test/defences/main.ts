/**
 * `npm run test:defences [-- name…]`: takes each defence of list.ts out, in a copy of the project, and sees
 * its test fail. One that nobody misses is a defence without a test.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { type Defence, defences } from './list.ts';
import { quote, type Row, readTable } from './table.ts';

const root = join(import.meta.dirname, '..', '..');
const names = process.argv.slice(2);
const { rows } = readTable();
const chosen = defences
  .filter(({ name }) => names.length === 0 || names.includes(name))
  .map((defence) => ({ defence, row: rows.find((row) => row.defence === defence.name) }));
const copy = mkdtempSync(join(tmpdir(), 'bellows-defences-'));
let missing = 0;

try {
  copyProject();
  for (const { defence, row } of chosen) {
    if (row === undefined) throw new Error(`"${defence.name}" is not in the table`);
    const before = run(row);
    const { failed } = takeOut(defence, () => run(row));
    const noticed = before.failed === 0 && before.passed > 0 && failed > 0;
    if (!noticed) missing += 1;
    const what = `${before.passed} passed, ${before.failed} failed; without it ${failed} failed`;
    process.stdout.write(`${noticed ? '✓' : '✗'} ${defence.name.padEnd(26)} ${what}\n`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
process.stdout.write(
  `${chosen.length - missing} of ${chosen.length} defences are missed when they are gone\n`,
);
process.exitCode = missing === 0 ? 0 : 1;

/** What git knows or would take on; a copy, so that nothing here is ever without its defences. */
function copyProject(): void {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: root,
    maxBuffer: 1 << 26,
  });
  const files = listed.toString().split('\0');
  for (const file of files.filter((name) =>
    /^(?:services|test|charts|imports|docs|dist|[^/]+$)/.test(name),
  )) {
    mkdirSync(join(copy, dirname(file)), { recursive: true });
    cpSync(join(root, file), join(copy, file), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  // Some tests ask git which files there are.
  const git = (...args: string[]) => execFileSync('git', args, { cwd: copy });
  git('init', '--quiet');
  git('add', '--all');
}

function takeOut<T>({ file, text, without }: Defence, look: () => T): T {
  const path = join(copy, file);
  const whole = readFileSync(path, 'utf8');
  if (!whole.includes(text)) throw new Error(`${file} has no "${text}"`);
  writeFileSync(
    path,
    whole.replace(text, () => without),
  );
  try {
    return look();
  } finally {
    writeFileSync(path, whole);
  }
}

/** A file that cannot even be read counts for nothing: taking a defence out must not break the language. */
function run({ file, title }: Row) {
  const report = join(copy, 'report.json');
  const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const only = ['--runTestsByPath', file, '--testNamePattern', `(?:^| )${quote(title)}`];
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const args = [...flags, jest, '--json', `--outputFile=${report}`, '--forceExit', ...only];
  spawnSync(process.execPath, args, { cwd: copy, timeout: 180_000, stdio: 'ignore' });
  if (!existsSync(report)) return { failed: 0, passed: 0 };
  const schema = z.object({ numFailedTests: z.int(), numPassedTests: z.int() });
  const { numFailedTests, numPassedTests } = schema.parse(JSON.parse(readFileSync(report, 'utf8')));
  rmSync(report);
  return { failed: numFailedTests, passed: numPassedTests };
}
