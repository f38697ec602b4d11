import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { isProgramName, type ProgramName } from './context.ts';
import { toExamples } from './examples.ts';
import { exitCodeMeanings } from './failure.ts';
import { createProgram } from './program.ts';

/**
 * The reference of the command line in Markdown, made from the tree of commands.
 *
 * @param programHelp what programs with arguments of their own print for `--help`.
 */
export async function toCommandReference(
  programHelp: Readonly<Partial<Record<ProgramName, string>>> = {},
): Promise<string> {
  const program = await createTree();
  const rows = program.commands.map((command) => [toLink(command), command.summary()]);
  const sections = program.commands.flatMap((command) => {
    const name = command.name();
    return isProgramName(name)
      ? toProgramSection(command, programHelp[name])
      : toSections(command, 'bellows');
  });
  return `${[
    '# Command line',
    'Run as `./bellows` in the folder of the clone. The id of a job may be cut to any beginning that no other job has, and a repository may go by its name. Errors are one line on stderr.',
    toTable(['command', 'does'], rows),
    '## Exit codes',
    toTable(
      ['code', 'means'],
      exitCodeMeanings.map(([code, meaning]) => [String(code), meaning]),
    ),
    ...sections,
  ].join('\n\n')}\n`;
}

/** A tree that nobody runs. */
function createTree(): Promise<Command> {
  return createProgram({
    env: {},
    cwd: '/',
    version: '',
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    now: () => 0,
    become: () => undefined,
    untilInterrupted: async () => new AbortController().signal,
  });
}

function toProgramSection(command: Command, help: string | undefined): string[] {
  const name = command.name();
  const text =
    help === undefined ? `\`./bellows ${name} --help\` lists its options.` : toCode('text', help.trim());
  return [`## bellows ${name}`, `${toSentence(command.summary())}.`, text];
}

function toSentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A command, and after it each of its own commands. */
function toSections(command: Command, parents: string): string[] {
  const name = `${parents} ${command.name()}`;
  const help = command.createHelp();
  const options = help
    .visibleOptions(command)
    .filter((option) => option.long !== '--help')
    .map((option) => [`\`${help.optionTerm(option)}\``, help.optionDescription(option)]);
  const operands = help
    .visibleArguments(command)
    .map((argument) => [`\`${argument.name()}\``, help.argumentDescription(argument)]);
  const examples = toExamples(command).map(({ line, does }) =>
    does === undefined ? line : `${line}  # ${does}`,
  );
  return [
    `${parents === 'bellows' ? '##' : '###'} ${name}`,
    command.description(),
    toCode('text', `${parents} ${command.name()} ${command.usage()}`),
    ...(operands.length === 0 ? [] : [toTable(['argument', 'is'], operands)]),
    ...(options.length === 0 ? [] : [toTable(['option', 'does'], options)]),
    ...(examples.length === 0 ? [] : [toCode('sh', examples.join('\n'))]),
    ...command.commands.flatMap((child) => toSections(child, name)),
  ];
}

function toLink(command: Command): string {
  return `[${command.name()}](#bellows-${command.name()})`;
}

function toCode(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

function toTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(toCell).join(' | ')} |`;
  return [line(titles), `|${'---|'.repeat(titles.length)}`, ...rows.map(line)].join('\n');
}

/** Bars end a cell, and `<id>` would be an element. */
function toCell(text: string): string {
  const escaped = text.replaceAll('|', '\\|');
  return escaped.startsWith('`') ? escaped : escaped.replaceAll('<', '&lt;');
}
