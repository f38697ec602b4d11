import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { findPipelinePaths, loadPlans } from '../../core/execute/index.ts';
import { defaultPipelineFile, printPlan } from '../../core/pipeline/index.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { CommandError, exitCodes } from '../failure.ts';

export function configureInit(command: Command, context: Context): void {
  command
    .description(
      `Writes ${defaultPipelineFile}: what would run in this folder without one, told from Cargo.toml, package.json, a Python project or go.mod. It overwrites nothing.`,
    )
    .argument('[folder]', 'where (default: this folder)')
    .action(async (given: string | undefined) => {
      const folder = resolve(context.cwd, given ?? '.');
      const [present] = await findPipelinePaths(folder);
      if (present !== undefined) throw new CommandError(exitCodes.failure, `${present} is there already`);
      const [plan] = await loadPlans(folder);
      if (plan === undefined) throw new CommandError(exitCodes.failure, 'nothing was detected');
      const text = [
        `# Detected from ${plan.source}. Every key: docs/api-reference/pipeline-file.md of Bellows.`,
        printPlan({ ...plan, when: [{ event: ['push', 'pull_request', 'manual'] }] }),
      ].join('\n');
      // `wx`: not even one that came meanwhile is overwritten.
      await writeFile(join(folder, defaultPipelineFile), text, { flag: 'wx' });
      context.stdout.write(text);
      context.stderr.write(`wrote ${defaultPipelineFile}; try it: ./bellows run\n`);
    });
  addExamples(command, { line: './bellows init' }, { line: './bellows init ~/app' });
}
