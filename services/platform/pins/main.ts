/** `bellows pins`, in a platform repository: the digests of what dist/ uses. */
import { UsageError } from '../../core/command/index.ts';
import { parsePinsOptions } from '../options.ts';
import { DistError } from './collect.ts';
import { PinsError, pinPlatform } from './pin.ts';

const known = [UsageError, DistError, PinsError];
try {
  const { check } = parsePinsOptions(process.argv.slice(2));
  const { changes, unknown, pinned } = await pinPlatform(process.cwd(), !check, AbortSignal.timeout(120_000));
  for (const line of changes) process.stdout.write(`${line}\n`);
  for (const line of unknown) process.stderr.write(`bellows: ${line}\n`);
  if (check && changes.length > 0)
    process.stderr.write('bellows: pins.json is not what the registries say\n');
  if (!check && changes.length > 0) process.stderr.write('bellows: npm run synth brings it into dist/\n');
  process.stderr.write(`bellows: ${pinned} pinned, ${unknown.length} not asked for\n`);
  process.exitCode = unknown.length > 0 || (check && changes.length > 0) ? 1 : 0;
} catch (error) {
  if (!known.some((kind) => error instanceof kind) || !(error instanceof Error)) throw error;
  const exitCode = error instanceof UsageError ? error.exitCode : 1;
  (exitCode === 0 ? process.stdout : process.stderr).write(`${error.message}\n`);
  process.exitCode = exitCode;
}
