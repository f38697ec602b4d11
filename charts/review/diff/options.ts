import { parseArgs } from 'node:util';
import { UsageError } from '../exit.ts';
import type { Format } from './run.ts';

export const usage = `Usage: bellows diff [options] [base]

What dist/ as it lies here would do to clusters that are as at the base: object by object, the same change in several
clusters once, the dangerous first. It blocks what breaks: data that goes, fields that cannot change, selectors that
lose their pods, access and network that open, definitions that shrink. A waiver in platform.yaml lets one pass until a
day. The rules: docs/operations/diff.md.

Exit code 1 where something blocks.

Arguments:
  base                a revision of git, or a folder with such a tree (default: HEAD)

Options:
  --file <path>       the platform file, for its waivers (default: platform.yaml)
  --markdown          as the comment of a pull request
  --json              for scripts
  --post              write that comment at Gitea or GitHub, or what it now says; in a pipeline of a pull request.
                      The token is in FORGE_TOKEN
  --pull <address>    the pull request, where this is no pipeline of it
  -h, --help          show this help

Examples:
  ./bellows diff
  ./bellows diff origin/main
  ./bellows diff origin/main --json | jq -r '.dangers[] | select(.level == "block") | .object'
  ./bellows diff origin/main --post --pull https://git.home.arpa/me/platform/pulls/12
`;

export interface Options {
  readonly base: string;
  readonly file: string;
  readonly format: Format;
  readonly post: boolean;
  readonly pull?: string | undefined;
  readonly help: boolean;
}

/** @throws TypeError for what is no option, UsageError for what does not go together. */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      file: { type: 'string', default: 'platform.yaml' },
      markdown: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      post: { type: 'boolean', default: false },
      pull: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { file, markdown, json, post, pull, help } = values;
  const [base = 'HEAD', ...more] = positionals;
  if (more.length > 0) throw new UsageError(`one base is enough; ${more.join(' ')} is one more`);
  if (markdown && json) throw new UsageError('--markdown and --json are two formats; choose one');
  if (pull !== undefined && !post) throw new UsageError('--pull says where to; --post posts');
  return { base, file, format: markdown ? 'markdown' : json ? 'json' : 'text', post, pull, help };
}
