/** `npm test`: jest, and the coverage that the project promises. With a path or name it runs just those tests. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readCoverage, toShortfalls } from './coverage.ts';

const root = join(import.meta.dirname, '..');
const args = process.argv.slice(2);
const whole = args.every((arg) => arg.startsWith('-'));
const jest = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    '--import',
    pathToFileURL(join(import.meta.dirname, 'leave.ts')).href,
    join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
    ...(whole ? ['--coverage'] : []),
    ...args,
  ],
  { cwd: root, stdio: 'inherit' },
);
if (jest.status !== 0 || !whole) process.exit(jest.status ?? 1);

const shortfalls = toShortfalls(
  readCoverage(readFileSync(join(root, 'coverage', 'coverage-summary.json'), 'utf8'), root),
);
for (const line of shortfalls) process.stderr.write(`${line}\n`);
process.exit(shortfalls.length === 0 ? 0 : 1);
