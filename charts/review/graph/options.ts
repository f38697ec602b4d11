import { parseArgs } from 'node:util';
import { UsageError } from '../exit.ts';

export const usage = `Usage: bellows graph [options] [base]

The units of each cluster, which are what Flux applies as one: their order, what each waits for (a line), what else it
names (a dashed one), and which objects Flux will delete when the change since the base is merged.

Arguments:
  base           a revision of git, or a folder with such a tree (default: HEAD)

Options:
  --mermaid      a flowchart for Markdown
  --svg          a picture
  --json         for scripts
  --file <path>  the platform file (default: platform.yaml)
  -h, --help     show this help

Examples:
  ./bellows graph
  ./bellows graph origin/main --svg > graph.svg
  ./bellows graph --mermaid
`;

export const formats = ['text', 'mermaid', 'svg', 'json'] as const;
export type Format = (typeof formats)[number];

export interface Options {
  readonly base: string;
  readonly file: string;
  readonly format: Format;
  readonly help: boolean;
}

/** @throws TypeError for what is no option, UsageError for what does not go together. */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      mermaid: { type: 'boolean', default: false },
      svg: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      file: { type: 'string', default: 'platform.yaml' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [base = 'HEAD', ...more] = positionals;
  const [format = 'text', ...others] = formats.filter((name) => name !== 'text' && values[name]);
  if (more.length > 0 || others.length > 0) throw new UsageError('expected one base and one format');
  return { base, file: values.file, format, help: values.help };
}
