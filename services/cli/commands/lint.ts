import { readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { findPipelinePaths } from '../../core/execute/index.ts';
import {
  limits,
  lintPipeline,
  lintTogether,
  loadPatterns,
  type PipelineProblem,
} from '../../core/pipeline/index.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { CommandError, exitCodes } from '../failure.ts';
import { toJson } from '../json.ts';
import { toText } from '../table.ts';
import { type Terminal, toTerminal } from '../terminal.ts';

interface Options {
  json?: true;
  strict?: true;
}

export function configureLint(command: Command, context: Context): void {
  command
    .description(
      'Checks pipeline files, without a server: errors with their place and what to write instead, and warnings of habits that will bite. Exits with 1 where there is an error.',
    )
    .argument('[files...]', 'which files (default: those that a push from this folder would run)')
    .option('--strict', 'a warning is an error')
    .option('--json', 'for scripts: files, problems with severity, file, line, column, problem, hint')
    .action(async (given: string[], { json, strict }: Options) => {
      const files = given.length > 0 ? given : await findFiles(context);
      const texts = await Promise.all(files.map((file) => readText(context, file)));
      const each = texts.flatMap(({ text, file }) => lintPipeline(text, file));
      const isWhole = given.length === 0 && each.every(({ severity }) => severity === 'warning');
      const problems = isWhole ? [...lintTogether(texts), ...each] : each;
      if (json === true) context.stdout.write(toJson({ files, problems }));
      else printProblems(context, files, problems);
      const isBad = problems.some(({ severity }) => severity === 'error' || strict === true);
      if (isBad) throw new CommandError(exitCodes.failure, toCount(problems));
      if (json !== true && problems.length > 0) context.stderr.write(`${toCount(problems)}\n`);
    });
  addExamples(
    command,
    { line: './bellows lint' },
    { line: './bellows lint .woodpecker/*.yaml --strict' },
    { line: './bellows lint --json | jq .problems' },
  );
}

async function findFiles({ cwd }: Context): Promise<string[]> {
  const files = await findPipelinePaths(cwd);
  if (files.length > 0) return files;
  throw new CommandError(
    exitCodes.failure,
    'there is no pipeline file here. ./bellows init writes one, from what the folder holds',
  );
}

async function readText({ cwd }: Context, given: string): Promise<{ text: string; file: string }> {
  const path = resolve(cwd, given);
  const bytes = await readFile(path);
  // A larger one is refused for its size.
  const text = bytes.subarray(0, limits.bytes + 1).toString();
  await loadPatterns(text);
  return { text, file: relative(cwd, path) };
}

function printProblems(
  { env, stdout, stderr }: Context,
  files: readonly string[],
  problems: readonly PipelineProblem[],
): void {
  const terminal = toTerminal(env, stdout);
  for (const problem of problems) stdout.write(`${toLine(problem, terminal)}\n`);
  if (problems.length === 0)
    stderr.write(`${files.length === 1 ? '1 file' : `${files.length} files`}: no problem\n`);
}

function toLine(
  { severity, file, line, column, problem, hint }: PipelineProblem,
  terminal: Terminal,
): string {
  const place = terminal.style(`${toText(file, terminal)}:${line}:${column}:`, 'bold');
  const text = hint === undefined ? problem : `${problem}; ${hint}`;
  return `${place} ${severity}: ${toText(text, terminal)}`;
}

function toCount(problems: readonly PipelineProblem[]): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`;
  return [
    ...(errors === 0 ? [] : [count(errors, 'error')]),
    ...(errors === problems.length ? [] : [count(problems.length - errors, 'warning')]),
  ].join(', ');
}
