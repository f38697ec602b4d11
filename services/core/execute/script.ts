import type { PlannedStep } from '../pipeline/index.ts';

/**
 * The text that `sh -e` runs for a step: its variables, then its commands, or, in their place, the entrypoint of its
 * own with them in `CI_SCRIPT`, as Woodpecker has it (base64).
 */
export function toScript({ environment, secrets = [], commands, entrypoint }: PlannedStep): string {
  const script = toCommands(commands);
  const own = (words: readonly string[]) => [
    ...(commands.length === 0
      ? []
      : [`export CI_SCRIPT=${quote(Buffer.from(script.join('\n')).toString('base64'))}`]),
    `exec ${words.map(quote).join(' ')}`,
  ];
  return [
    'exec 2>&1',
    ...Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}`),
    ...secrets.flatMap(({ variable }, i) => [
      `export ${variable}="$${toCarrier(i)}"`,
      `unset ${toCarrier(i)}`,
    ]),
    ...(entrypoint === undefined ? script : own(entrypoint)),
    '',
  ].join('\n');
}

/**
 * Each command is printed, then run in the same shell, so a `cd` or an `export` holds for the next one. `eval`
 * keeps an open quote or a backslash at a command's end within that command.
 */
function toCommands(commands: readonly string[]): string[] {
  return commands.flatMap((command) => [`printf '+ %s\\n' ${quote(command)}`, `eval ${quote(command)}`]);
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
