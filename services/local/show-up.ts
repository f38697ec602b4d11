import { join } from 'node:path';
import { toPushLines } from './credential.ts';
import { exampleName, pushExample } from './example.ts';
import type { Folder } from './folder.ts';
import { followJob } from './follow-job.ts';
import type { UpOptions } from './options.ts';
import type { Up } from './up.ts';

export interface ShowOptions {
  up: Up;
  options: UpOptions;
  folder: Folder;
  /** The clone. */
  root: string;
  /** To find git. */
  path: string;
  say(line: string): void;
  /** The terminal UI, where there is a terminal: resolves with its exit code. */
  tui: ((job: string | undefined) => Promise<number>) | undefined;
  signal: AbortSignal;
}

/** What the terminal UI ends with after Ctrl-C. */
const interrupted = 130;

/**
 * Tells a person that all is up, and shows the first job.
 *
 * @returns false where they ended it from within the terminal UI
 */
export async function showUp(show: ShowOptions): Promise<boolean> {
  const { up, options, say, tui, signal } = show;
  const { url } = await up.client.pageCode('/').catch(() => ({ url: undefined }));
  say(`Bellows is up: ${url ?? `http://127.0.0.1:${options.port}`}`);
  sayPushLines(show);
  let job: string | undefined;
  if (options.example && up.isNew) {
    say(`An example is being built (${exampleName}):`);
    for (const line of await pushTheExample(show)) say(`  ${line}`);
    const { jobs } = await up.client.jobs({ repository: `local/${exampleName}`, limit: 1 });
    job = jobs[0]?.id;
  }
  if (tui === undefined) {
    if (job !== undefined) await followJob(up.client, job, signal, say).catch(rethrowUnless(signal));
    if (!signal.aborted) say('Ctrl-C ends everything; the next start goes on from here.');
    return true;
  }
  if ((await tui(job)) === interrupted) return false;
  if (signal.aborted) return true;
  sayPushLines(show);
  say('Bellows goes on. Look again: ./bellows tui. Ctrl-C ends everything.');
  return true;
}

function sayPushLines({ up, say }: ShowOptions): void {
  say('Push a repository of your own, from its folder:');
  for (const line of toPushLines(up.gitOrigin, up.helper)) say(`  ${line}`);
}

function pushTheExample({ up, root, path }: ShowOptions): Promise<string[]> {
  const files = join(root, 'services/local/example-repository');
  return pushExample({ files, origin: up.gitOrigin, helper: up.helper, path });
}

function rethrowUnless(signal: AbortSignal) {
  return (error: unknown) => {
    if (!signal.aborted) throw error;
  };
}
