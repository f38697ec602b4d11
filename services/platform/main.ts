/** `./bellows platform <folder>`: a repository for a platform of one's own. */
import { join, resolve } from 'node:path';
import { UsageError } from '../core/command/index.ts';
import { ask } from './ask.ts';
import { createPlatform, FolderError, refuseUsed } from './create.ts';
import { parseOptions } from './options.ts';
import { RunError } from './run.ts';

const root = join(import.meta.dirname, '..', '..');
const note = (line: string) => void process.stderr.write(`bellows: ${line}\n`);

async function make(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  const folder = resolve(options.folder);
  // Before the questions: what would fail after them.
  await refuseUsed(folder);
  const answers = await ask(options, process.stdin, process.stderr);
  await createPlatform(answers, { ...options, folder, root, note });
  process.stdout.write(
    `${options.folder} is a platform repository. Next:\n  cd ${options.folder}\n  $EDITOR platform.yaml && npm run synth\n  npx bellows check\n  git commit -m Begin && git push\n  kubectl apply -f dist/clusters/${answers.cluster}/bootstrap/\n`,
  );
}

const known = [UsageError, FolderError, RunError];
try {
  await make(process.argv.slice(2));
} catch (error) {
  if (!known.some((kind) => error instanceof kind) || !(error instanceof Error)) throw error;
  const exitCode = error instanceof UsageError ? error.exitCode : 1;
  (exitCode === 0 ? process.stdout : process.stderr).write(`${error.message}\n`);
  process.exitCode = exitCode;
}
