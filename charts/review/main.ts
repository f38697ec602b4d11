/** `./bellows check`: what platform.yaml makes, held against every rule. */
import { PlatformError, readPlatform } from '../platform-file.ts';
import { buildPlatform } from '../units.ts';
import { checkPlatform } from './check.ts';
import { toExit } from './exit.ts';
import { loadUnits } from './load-units.ts';
import { parseOptions, usage } from './options.ts';
import { toReport } from './report.ts';
import { rules } from './rules.ts';
import { withSealed } from './sealed.ts';

try {
  const { file, json, help } = parseOptions(process.argv.slice(2));
  if (help) {
    process.stdout.write(usage);
  } else {
    const { units, pins } = await loadUnits('.');
    const clusters = buildPlatform(readPlatform(file), units).map((built) => withSealed(built, '.'));
    const objects = clusters.reduce((sum, cluster) => sum + cluster.objects.length, 0);
    const { stdout, stderr, exitCode } = toReport(checkPlatform(clusters, pins), objects, rules.length, json);
    process.stdout.write(stdout);
    process.stderr.write(stderr);
    process.exitCode = exitCode;
  }
} catch (error) {
  const { text, exitCode } = toExit(error, usage, [PlatformError]);
  process.stderr.write(text);
  process.exitCode = exitCode;
}
