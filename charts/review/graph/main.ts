/** `./bellows graph`: the units of each cluster, and their order. */
import { join } from 'node:path';
import { PlatformError, readPlatform } from '../../platform-file.ts';
import { buildPlatform } from '../../units.ts';
import { judge } from '../diff/judge.ts';
import { readBase, readFolder } from '../diff/read-tree.ts';
import { parseTree, TreeError } from '../diff/tree.ts';
import { toExit } from '../exit.ts';
import { loadUnits } from '../load-units.ts';
import { CircleError, toGraph } from './graph.ts';
import { toMermaid } from './mermaid.ts';
import { parseOptions, usage } from './options.ts';
import { toSvg } from './svg.ts';
import { toText } from './text.ts';

try {
  const { base, file, format, help } = parseOptions(process.argv.slice(2));
  if (help) {
    process.stdout.write(usage);
  } else {
    const root = process.cwd();
    const { edits } = judge(parseTree(readBase(root, base)), parseTree(readFolder(join(root, 'dist'))));
    const graphs = buildPlatform(readPlatform(file), (await loadUnits('.')).units).map((built) =>
      toGraph(built, edits),
    );
    const write = {
      text: toText,
      mermaid: toMermaid,
      svg: toSvg,
      json: (all: typeof graphs) => `${JSON.stringify(all)}\n`,
    };
    process.stdout.write(write[format](graphs));
  }
} catch (error) {
  const { text, exitCode } = toExit(error, usage, [PlatformError, TreeError, CircleError]);
  process.stderr.write(text);
  process.exitCode = exitCode;
}
