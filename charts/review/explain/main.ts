/** `./bellows explain`: where an object comes from. */
import { PlatformError, readPlatform } from '../../platform-file.ts';
import { buildPlatform } from '../../units.ts';
import { toExit } from '../exit.ts';
import { loadUnits } from '../load-units.ts';
import { explain, findObjects, UnknownError } from './explain.ts';
import { parseOptions, usage } from './options.ts';
import { toText } from './text.ts';

try {
  const { wanted, file, json, help } = parseOptions(process.argv.slice(2));
  if (help) {
    process.stdout.write(usage);
  } else {
    const platform = readPlatform(file);
    const { units } = await loadUnits('.');
    const build = (given: typeof platform) => buildPlatform(given, units);
    const explanations = findObjects(build(platform), wanted).map((found) =>
      explain(found, platform, file, build),
    );
    process.stdout.write(json ? `${JSON.stringify(explanations)}\n` : toText(explanations, file));
  }
} catch (error) {
  const { text, exitCode } = toExit(error, usage, [PlatformError, UnknownError]);
  process.stderr.write(text);
  process.exitCode = exitCode;
}
