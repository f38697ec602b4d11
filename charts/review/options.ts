import { parseArgs } from 'node:util';

export const usage = `Usage: bellows check [options]

Whether what platform.yaml and the charts make would work in a cluster: every field is known, every name that is
used exists, every way through the network is open at both ends, nothing is more than it must be. It looks at
objects, not at a cluster, and changes nothing. The rules: docs/operations/checks.md.

One line a finding: where the code stands, the rule, the object, how to mend it. Exit code 1 where there is an
error; advice alone is 0.

Options:
  --file <path>  the platform file (default: platform.yaml)
  --json         for scripts: findings, objects, rules
  -h, --help     show this help

Examples:
  ./bellows check
  ./bellows check --json | jq -r '.findings[].rule'
`;

export interface Options {
  readonly file: string;
  readonly json: boolean;
  readonly help: boolean;
}

/** @throws TypeError for what is no option. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      file: { type: 'string', default: 'platform.yaml' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return values;
}
