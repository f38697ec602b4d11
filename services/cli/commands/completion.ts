import { Argument, type Command } from 'commander';
import { type Shell, shells, toCompletion } from '../completion.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';

/** @param createWhole the tree with every command's file loaded. */
export function configureCompletion(
  command: Command,
  context: Context,
  createWhole: () => Promise<Command>,
): void {
  command
    .description('Prints a script that completes commands, options and their values in your shell.')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .action(async (shell: Shell) => {
      context.stdout.write(toCompletion(await createWhole(), shell));
    });
  addExamples(
    command,
    { line: '. <(/path/to/bellows completion bash)', does: 'bash: in ~/.bashrc' },
    { line: '. <(/path/to/bellows completion zsh)', does: 'zsh: in ~/.zshrc, after compinit' },
    { line: '/path/to/bellows completion fish | source', does: 'fish: in config.fish' },
  );
}
