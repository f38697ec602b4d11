/** `./bellows diff`: what a change of dist/ does to clusters. */
import { putComment, RestError } from '../../../services/core/forge/index.ts';
import { PlatformError, readPlatform } from '../../platform-file.ts';
import { toExit } from '../exit.ts';
import { marker } from './markdown.ts';
import { parseOptions, usage } from './options.ts';
import { PullError, toPull } from './pull.ts';
import { format, readReport } from './run.ts';
import { TreeError } from './tree.ts';

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(usage);
  } else {
    // Before the work: what would fail after it.
    const pull = options.post ? toPull(options.pull, process.env) : undefined;
    const platform = readPlatform(options.file);
    const report = readReport({ root: process.cwd(), base: options.base, platform, now: new Date() });
    const colours = process.stdout.isTTY === true && process.stdout.hasColors();
    process.stdout.write(format(report, options.format, colours));
    if (pull !== undefined) {
      const { access, repository, number } = pull;
      const body = format(report, 'markdown', false);
      const done = await putComment(access, { repository, pull: number, marker, body });
      process.stderr.write(`the comment of ${repository}#${number} is ${done}\n`);
    }
    process.exitCode = report.blocked ? 1 : 0;
  }
} catch (error) {
  const { text, exitCode } = toExit(error, usage, [PlatformError, TreeError, PullError, RestError]);
  process.stderr.write(text);
  process.exitCode = exitCode;
}
