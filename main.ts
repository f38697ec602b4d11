import { linkTree, writeTree } from './charts/constructs/write.ts';
import { PlatformError, readPlatform } from './charts/platform-file.ts';
import { renderPlatform, toUnits } from './charts/units.ts';

try {
  const platform = readPlatform('platform.yaml');
  writeTree('dist', renderPlatform(platform, toUnits));
  linkTree('.synth', 'dist');
} catch (error) {
  if (!(error instanceof PlatformError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
