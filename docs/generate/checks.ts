import type { Rule } from '../../charts/review/rule.ts';
import { ruleGroups, shapeRules } from '../../charts/review/rules.ts';

/** docs/operations/checks.md: the rules of `./bellows check`, from their own words. */
export function toChecksPage(): string {
  const groups: [string, readonly Rule[]][] = [['Shape', shapeRules], ...Object.entries(ruleGroups)];
  return `${[
    '# Checks',
    '`./bellows check` holds what `platform.yaml` and the charts make against these rules, before anything is committed: on objects, offline, in about a second. `./bellows test` does the same. Each line it prints says where the code stands, the rule, the object and the place in it, and how to mend that; `--json` says the same to scripts. Exit code 1 where there is an error.',
    'What is marked *advice* is for a person to weigh, and does not fail. An object that has not the shape of its kind is all that is said: the other rules could not read it.',
    "Schemas are those of the Kubernetes that k3s runs ([charts/pins.ts](../../charts/pins.ts)) and of the definitions in [imports/schemas](../../imports/README.md). What others make in a cluster (an operator's own chart, a Job that generates a Secret, a person) is said by a `Brought` in the chart that causes it. `npm run test:apply` tries all of it at a real API server, each mistake that a rule claims to find, and objects changed at random: what only the API server refuses is a hole in these rules.",
    ...groups.flatMap(([title, rules]) => [`## ${title}`, toRuleTable(rules)]),
  ].join('\n\n')}\n`;
}

/** @param says what the column is called that says what a rule is about */
export function toRuleTable(
  rules: readonly Pick<Rule, 'name' | 'says' | 'why' | 'advice'>[],
  says = 'what is true',
): string {
  const rows = rules.map(({ name, says, why, advice }) => {
    const marked =
      advice === true
        ? ' *(advice)*'
        : advice === undefined
          ? ''
          : ' *(advice until the first `bellows pins`)*';
    return `| \`${name}\`${marked} | ${says.replaceAll('|', '\\|')} | ${why.replaceAll('|', '\\|')} |`;
  });
  return [`| rule | ${says} | otherwise |`, '|---|---|---|', ...rows].join('\n');
}
