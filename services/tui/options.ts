import { parseArgs } from 'node:util';
import { UsageError } from '../core/command/index.ts';
import { jobIdSchema } from '../core/job/index.ts';

export interface TuiOptions {
  readonly job?: string | undefined;
  readonly ascii: boolean;
  readonly help: boolean;
}

export const usage = `Usage: bellows tui [--job ID] [--ascii]

Watch and steer all jobs from the terminal; press ? for the keys.

  --job ID   open this job at once
  --ascii    draw with ASCII only (as without a UTF-8 locale)
  --help     show this

Environment: BELLOWS_URL and BELLOWS_TOKEN name another api than that of bellows up; NO_COLOR turns colours off.

Examples:
  bellows tui
  bellows tui --job 0123456789abcdef0123
  BELLOWS_URL=https://ci.example.org BELLOWS_TOKEN=$(cat token) bellows tui
`;

/** @throws UsageError that names the wrong argument. */
export function parseOptions(args: string[]): TuiOptions {
  const { job, ascii = false, help = false } = parse(args);
  if (job !== undefined && !jobIdSchema.safeParse(job).success) {
    throw new UsageError(
      `--job ${JSON.stringify(job)}: expected a job id, 20 hex digits as bellows jobs prints them`,
      2,
    );
  }
  return { job, ascii, help };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        job: { type: 'string' },
        ascii: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), 2, { cause });
  }
}
