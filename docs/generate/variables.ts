import { ciVariables } from '../../services/core/pipeline/index.ts';
import { toTable } from './schema-table.ts';

/** Every variable that a step finds, and where its value comes from. */
export function toVariablesPage(): string {
  const rows = ciVariables.map(({ name, source }) => [`\`${name}\``, source]);
  return [
    '<!-- Made by npm run docs. -->',
    '# Variables',
    'Every variable of Woodpecker v3, and of our own the last four (`CI_REPO_SCM` is of older versions), with where its value comes from. One that has no value for a job is not there: empty in an expression, unset in a command. `BELLOWS_…` are made where a command needs what POSIX sh cannot do.',
    toTable(['variable', 'from'], rows),
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n');
}
