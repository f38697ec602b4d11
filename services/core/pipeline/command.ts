import { replaceExpressions, substitute, toExpression, type Variables } from './substitution.ts';

/** Operations that POSIX sh does not have, and would end the step with "Bad substitution". */
const beyondPosix: ReadonlySet<string> = new Set([':', '/', '//', '/#', '/%', '^', '^^', ',', ',,']);

export interface ShellCommand {
  text: string;
  /** What the command needs in its environment, beside the step's own. */
  variables: Record<string, string>;
}

/** Whether a command is left as it is, whatever variables are known. */
export function isPlainCommand(text: string): boolean {
  let isPlain = true;
  const same = replaceExpressions(text, (source, closed) => {
    const expression = closed ? toExpression(source) : undefined;
    if (expression !== undefined && beyondPosix.has(expression.operator)) isPlain = false;
    return source;
  });
  return isPlain && same === text;
}

/**
 * In a command nothing is substituted: `${CI_X}` is the shell's to expand, so a branch called
 * `$(curl …)` stays a value. Where the author used an operation of envsubst that sh lacks on a variable
 * that we know, its result becomes a variable of its own, and the command refers to that one;
 * `$${X}`, envsubst's way to leave `${X}` to the shell, becomes `${X}`.
 *
 * @param first the number of the first variable made here (`BELLOWS_1`, …).
 * @throws SubstitutionError
 */
export function toShellCommand(text: string, variables: Variables, first: number): ShellCommand {
  const made: Record<string, string> = {};
  const result = replaceExpressions(text, (source, closed) => {
    const expression = closed ? toExpression(source) : undefined;
    const known = expression !== undefined && Object.hasOwn(variables, expression.name);
    if (!known || !beyondPosix.has(expression.operator)) return source;
    const variable = `BELLOWS_${first + Object.keys(made).length}`;
    made[variable] = substitute(source, variables);
    return `\${${variable}}`;
  });
  return { text: result, variables: made };
}
