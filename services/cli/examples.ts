import type { Command } from 'commander';

export interface Example {
  line: string;
  /** What it does, if the line does not say it. */
  does?: string;
}

const examples = new WeakMap<Command, readonly Example[]>();

/** Shown under the command's help, and in the reference. */
export function addExamples(command: Command, ...rows: Example[]): void {
  examples.set(command, rows);
  const width = Math.max(...rows.map(({ line }) => line.length));
  const lines = rows.map(({ line, does }) =>
    does === undefined ? `  ${line}` : `  ${line.padEnd(width)}  # ${does}`,
  );
  command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

export function toExamples(command: Command): readonly Example[] {
  return examples.get(command) ?? [];
}
