import type { ApiClient } from '../core/client/index.ts';
import type { Job } from '../core/job/index.ts';
import type { Context } from './context.ts';
import { CommandError, type ExitCode, exitCodes } from './failure.ts';
import { toShortId } from './find-job.ts';
import { toOutcome } from './job-lines.ts';
import { createLogOutput } from './log-output.ts';
import { patiently } from './patience.ts';
import { toTerminal } from './terminal.ts';

/**
 * Prints a job's log as it grows until the job has ended, over as many connections as that takes.
 *
 * @throws CommandError with the exit code of the job's outcome, where that is neither success nor skipped.
 */
export async function followLog(context: Context, client: ApiClient, id: string): Promise<void> {
  const output = createLogOutput(context.stdout, toTerminal(context.env, context.stdout));
  const { signal } = new AbortController();
  let last: string | undefined;
  await patiently(context, async (alive) => {
    for await (const message of client.log(id, last, signal)) {
      alive();
      if ('end' in message) return;
      if (last !== undefined && toFence(last) !== toFence(message.id)) {
        await output.end();
        context.stderr.write(`bellows: job ${toShortId(id)} runs again; its log begins anew\n`);
      }
      last = message.id;
      await output.write(message.chunk.text);
    }
    throw new Error("the api ended a job's log before the job had ended");
  });
  await output.end();
  const { job } = await patiently(context, () => client.job(id));
  const exitCode = toExitCode(job);
  if (exitCode !== exitCodes.success) throw new CommandError(exitCode, toOutcome(job));
}

/** Of a chunk's id, `<fence>-<n>`: which attempt wrote it. */
function toFence(chunk: string): string | undefined {
  return chunk.split('-')[0];
}

function toExitCode({ state }: Job): ExitCode {
  if (state === 'success' || state === 'skipped') return exitCodes.success;
  return state === 'failure' || state === 'timeout' ? exitCodes.failure : exitCodes.undecided;
}
