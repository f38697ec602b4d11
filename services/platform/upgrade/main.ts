/** `bellows upgrade`, in a platform repository: a newer Bellows, and what it changes. */
import { join } from 'node:path';
import { UsageError } from '../../core/command/index.ts';
import { parseUpgradeOptions } from '../options.ts';
import { NoPlatformError } from '../pinned.ts';
import { RunError, run } from '../run.ts';
import { DirtyError, upgradePlatform } from '../upgrade.ts';

const note = (line: string) => void process.stderr.write(`bellows: ${line}\n`);
const known = [UsageError, NoPlatformError, RunError, DirtyError];
try {
  const { to } = parseUpgradeOptions(process.argv.slice(2));
  const folder = process.cwd();
  const versions = await upgradePlatform(folder, to, note);
  note(`bellows was ${versions.from} and is ${versions.to}; what that changes:`);
  // The newer one says what it does.
  const bellows = join(folder, 'node_modules', '.bin', 'bellows');
  await run(folder, bellows, ['diff', 'HEAD'], 'something of it blocks; go back by: git restore . && npm ci');
  process.stdout.write('Commit it as a pull request, or go back: git restore . && npm ci\n');
} catch (error) {
  if (!known.some((kind) => error instanceof kind) || !(error instanceof Error)) throw error;
  const exitCode = error instanceof UsageError ? error.exitCode : 1;
  (exitCode === 0 ? process.stdout : process.stderr).write(`${error.message}\n`);
  process.exitCode = exitCode;
}
