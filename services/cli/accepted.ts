import type { ApiClient } from '../core/client/index.ts';
import type { Accepted } from '../core/job/index.ts';
import type { Context } from './context.ts';
import { toShortId } from './find-job.ts';
import { followLog } from './follow-log.ts';
import { toJson } from './json.ts';

export interface StartOptions {
  follow?: true;
  json?: true;
}

/** Says which job was started, and follows it where that was asked for. */
export async function reportAccepted(
  context: Context,
  client: ApiClient,
  accepted: Accepted,
  { follow, json }: StartOptions,
): Promise<void> {
  const [id] = accepted.jobs;
  if (json === true) context.stdout.write(toJson(accepted));
  else {
    const ids = accepted.jobs.map(toShortId).join(', ');
    // A followed log is all that a pipe should get.
    const output = follow === true ? context.stderr : context.stdout;
    output.write(`Started job ${ids}. ./bellows open ${toShortId(id ?? '')} prints its page.\n`);
  }
  if (follow === true && id !== undefined) await followLog(context, client, id);
}
