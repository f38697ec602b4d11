import { parseArgs } from 'node:util';
import { UsageError } from '../exit.ts';

export const usage = `Usage: bellows explain [options] <object|file>

Where an object comes from and what hangs on it: the file, the construct and the line of code that make it, the
settings of platform.yaml that it changes with (found by changing each and looking), what it names and what names it.

Arguments:
  object|file    Deployment ci/api, deployment/api, ci/api, api; or a file of dist/, for all that is in it

Options:
  --file <path>  the platform file (default: platform.yaml)
  --json         for scripts
  -h, --help     show this help

Examples:
  ./bellows explain StatefulSet ci/redis
  ./bellows explain dist/clusters/home/scaling/pools.yaml
  ./bellows explain api --json | jq -r '.[].source'
`;

export interface Options {
  readonly wanted: string;
  readonly file: string;
  readonly json: boolean;
  readonly help: boolean;
}

/** @throws TypeError for what is no option, UsageError where nothing is named. */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      file: { type: 'string', default: 'platform.yaml' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const wanted = positionals.join(' ');
  if (wanted === '' && !values.help) throw new UsageError('expected an object such as "Deployment ci/api"');
  return { ...values, wanted };
}
