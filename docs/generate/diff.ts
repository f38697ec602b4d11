import { diffRules } from '../../charts/review/diff/judge.ts';
import { toRuleTable } from './checks.ts';

/** docs/operations/diff.md: what `./bellows diff` notices, from its rules' own words. */
export function toDiffPage(): string {
  const of = (wanted: string) => diffRules.filter(({ level }) => level === wanted);
  return `${[
    '# The diff of a change',
    '`./bellows diff [base]` compares `dist/` as it lies here with `dist/` at a revision of git (`HEAD`, or `origin/main` for a whole branch) or in a folder. Objects are paired by what the API server knows them by, wherever their file is; members of lists by their name. What is the same in several clusters is said once, the dangerous comes first, and what the pods of a cluster ask for is compared at rest and at most, and as money where `machines` have a `monthly` price: the share of it that belongs to their cores or their memory, whichever is more. Exit code 1 where something blocks.',
    '## What blocks',
    toRuleTable(of('block'), 'what it notices'),
    '## What to look at',
    toRuleTable(of('look'), 'what it notices'),
    '## Waivers',
    'What blocks and is right all the same is answered for in `platform.yaml`, by rule and object, with a reason and a last day (UTC):',
    '```yaml\nwaivers:\n  - rule: pruned-state\n    object: StatefulSet ci/gitea\n    because: Gitea moved to the other cluster, its volume was copied on 2026-11-20\n    until: "2026-12-01"\n```',
    'One that is over, or that nothing needs any more, is said at the end of the diff.',
    '## In a pull request',
    '`./bellows diff origin/main --post` writes the diff as one comment and changes that one from then on, at Gitea and GitHub. It knows the pull request from the variables of a pipeline (of Bellows, Woodpecker, GitHub or Gitea Actions), or from `--pull <address>`; its token is `FORGE_TOKEN`, which needs to write comments and nothing else.',
  ].join('\n\n')}\n`;
}
