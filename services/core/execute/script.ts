import type { PlannedStep } from '../pipeline/index.ts';

/**
 * The text that `sh -e` runs for a step: each command is printed, then run in the same shell, so a `cd`
 * or an `export` holds for the next one. `eval` keeps an open quote or a backslash at a command's end
 * within that command.
 */
export function toScript({ environment, secrets = [], commands }: PlannedStep): string {
  return [
    'exec 2>&1',
    ...Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}`),
    ...secrets.flatMap(({ variable }, i) => [
      `export ${variable}="$${toCarrier(i)}"`,
      `unset ${toCarrier(i)}`,
    ]),
    ...commands.flatMap((command) => [`printf '+ %s\\n' ${quote(command)}`, `eval ${quote(command)}`]),
    '',
  ].join('\n');
}

/**
 * The variable that brings a secret to the script, which stands in a file and so cannot hold it: no name of
 * the author's, which could bend what runs before the script (LD_PRELOAD).
 */
export function toCarrier(index: number): string {
  return `BELLOWS_SECRET_${index + 1}`;
}

/** One word for POSIX sh, whatever it holds. No shell can hold a NUL. */
export function quote(text: string): string {
  return `'${text.replaceAll('\0', '').replaceAll("'", "'\\''")}'`;
}
