import { toDisplay } from '../core/display/index.ts';
import { type Plan, type PlannedStep, type Situation, selectSteps } from '../core/pipeline/index.ts';

/**
 * A plan as a pipeline file that would be read as the same steps; those that a situation leaves out are
 * comments. A detected plan so becomes a file to begin with.
 */
export function toPlanText(plan: Plan, situation: Situation): string {
  const { steps, reason } = selectSteps(plan, situation);
  const origin = plan.detected ? `detected from ${plan.source}` : plan.source;
  return [
    `# ${toDisplay(origin)}, for ${toDisplay(situation.event)} on ${toDisplay(situation.branch)}`,
    ...(reason === undefined ? [] : [`# nothing runs: ${toDisplay(reason)}`]),
    steps.length === 0 ? 'steps: []' : 'steps:',
    ...plan.steps.flatMap((step) =>
      steps.includes(step) ? toStepLines(step) : [`  # ${toDisplay(step.name)} is left out`],
    ),
    '',
  ].join('\n');
}

function toStepLines({
  name,
  image,
  directory,
  failure,
  environment,
  secrets = [],
  commands,
}: PlannedStep): string[] {
  const variables = Object.entries(environment);
  return [
    `  - name: ${toScalar(name)}`,
    ...(image === undefined ? [] : [`    image: ${toScalar(toLiteral(image))}`]),
    ...(directory === '.' ? [] : [`    directory: ${toScalar(toLiteral(directory))}`]),
    ...(failure === 'fail' ? [] : [`    failure: ${failure}`]),
    ...(variables.length + secrets.length === 0 ? [] : ['    environment:']),
    ...variables.map(([key, value]) => `      ${toScalar(key)}: ${toScalar(toLiteral(value))}`),
    ...secrets.map(
      ({ variable, secret }) => `      ${toScalar(variable)}: { from_secret: ${toScalar(secret)} }`,
    ),
    '    commands:',
    ...commands.map((command) => `      - ${toScalar(command)}`),
  ];
}

/** Plain where that is surely a text in YAML, else in double quotes. */
function toScalar(text: string): string {
  const isWords = /^[A-Za-z.][\w./=-]*(?: [\w./=-]+)*$/.test(text);
  const isWordOfYaml = /^(?:true|false|null|yes|no|on|off|y|n|\.inf|\.nan)$/i.test(text);
  return isWords && !isWordOfYaml ? text : `"${[...text].map(toQuoted).join('')}"`;
}

/** YAML 1.2, 5.7: what cannot be seen, or would end the quotes, is escaped. */
function toQuoted(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '"' || character === '\\') return `\\${character}`;
  if (!/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(character)) return character;
  return `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`;
}

/** In a pipeline file `${…}` is replaced, but for `$${…}`, which stands for itself. */
function toLiteral(text: string): string {
  return text.replaceAll('${', '$${');
}
