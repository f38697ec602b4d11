import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createApiClient } from '../core/client/index.ts';
import { createStack } from '../core/runtime/index.ts';
import type { Context, Stage } from './context.ts';
import { measure } from './course.ts';
import { type Edition, startEdition } from './edition.ts';
import type { Seen } from './fact.ts';
import { openFloor } from './floor.ts';
import { createGit } from './git.ts';
import { createHooks } from './hooks.ts';
import { openJournal } from './journal.ts';
import { createMachine } from './machine.ts';
import type { Progress } from './progress.ts';
import { readAsks } from './redis-asks.ts';
import { createRemote } from './remote.ts';
import type { Claim, Report } from './report.ts';
import { openScratch, type Scratch } from './scratch.ts';
import { agentKilled } from './stages/agent-killed.ts';
import { apiKilled, crashName } from './stages/api-killed.ts';
import { books, readLedger } from './stages/books.ts';
import { cancelled } from './stages/cancelled.ts';
import { fails } from './stages/fails.ts';
import { forgedWebhook } from './stages/forged-webhook.ts';
import { idle } from './stages/idle.ts';
import { nothingLeft } from './stages/nothing-left.ts';
import { passes } from './stages/passes.ts';
import { redisKilled } from './stages/redis-killed.ts';
import { signedWebhook } from './stages/signed-webhook.ts';
import { trivial } from './stages/trivial.ts';
import { toTimes } from './times.ts';

export interface DemoDeps {
  /** `services/local/main.ts`. */
  program: string;
  node: string;
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
  /** The machine's folder for temporary things. */
  temporary: string;
  /** More for the edition than the scratch folder's environment. */
  editionEnv?: Record<string, string>;
  kill(pid: number, signal: NodeJS.Signals): void;
  progress: Progress;
  /** @default 5000 */
  graceMs?: number;
  runs: number;
  keep: boolean;
  /** Ends the demo early, in good order. */
  signal: AbortSignal;
}

/** Those of one row run at the same time; a row begins when the one before has ended. */
const calm: Stage[][] = [
  [passes, fails, cancelled, agentKilled],
  [signedWebhook, forgedWebhook],
];
const storm: Stage[][] = [[apiKilled], [redisKilled], [idle], [books]];

/** Starts an edition, lets every stage look at it, and leaves nothing. */
export async function runDemo(deps: DemoDeps): Promise<Report> {
  const startedAt = performance.now();
  const scratch = await openScratch(deps.env, deps.temporary);
  const stack = createStack();
  if (!deps.keep) stack.add('scratch folder', () => scratch.remove());
  try {
    const { claims, ...rest } = await runStages(deps, scratch, stack);
    return {
      ok: claims.every(({ ok }) => ok) && rest.times !== undefined,
      claims,
      ...rest,
      seconds: (performance.now() - startedAt) / 1000,
      ...(deps.keep ? { kept: scratch.folder } : {}),
    };
  } finally {
    await stack.stop();
  }
}

type Stack = ReturnType<typeof createStack>;

async function runStages(deps: DemoDeps, scratch: Scratch, stack: Stack) {
  const { progress, signal, runs } = deps;
  const claims: Claim[] = [];
  const run = async (stages: readonly Stage[], context: Context) => {
    signal.throwIfAborted();
    claims.push(...(await Promise.all(stages.map((stage) => runStage(stage, context, progress)))));
  };

  progress.begin('start');
  const startedAt = performance.now();
  const edition = await startEdition({
    node: deps.node,
    program: deps.program,
    scratch,
    env: { ...deps.editionEnv, BELLOWS_CRASH: `before-delivery:${crashName}` },
    agents: 4,
    signal,
  });
  stack.add('edition', async () => void (await edition.stop()));
  const context = await openContext(deps, scratch, edition, stack);
  const onAbort = () => void Promise.all([context.journal.stop(), edition.stop()]);
  signal.addEventListener('abort', onAbort, { once: true });
  progress.end('start', true, performance.now() - startedAt);

  for (const stages of calm) await run(stages, context);
  const times = await runTimes(deps, scratch, context, runs).catch((error: unknown) => {
    claims.push({ title: 'times', must: 'measured', seen: toMessage(error), ok: false, ms: 0 });
    return undefined;
  });
  for (const stages of storm) await run(stages, context);
  const ledger = await readLedger(context).catch(() => undefined);
  await context.journal.stop();
  await run([nothingLeft(edition, scratch, deps.keep)], context);
  return { claims, ...(times === undefined ? {} : { times }), ...(ledger === undefined ? {} : { ledger }) };
}

async function openContext(
  deps: DemoDeps,
  scratch: Scratch,
  edition: Edition,
  stack: Stack,
): Promise<Context> {
  const { address, pid } = edition;
  const git = address.git;
  if (git === undefined) throw new Error('bellows up does not say where its git remote is');
  const machine = createMachine({
    root: pid,
    folder: scratch.folder,
    platform: deps.platform,
    kill: deps.kill,
  });
  const readSecret = async (name: string) =>
    (await readFile(join(scratch.data, 'secrets', name), 'utf8')).split('\n')[0]?.trim() ?? '';

  // What `up` told its user to do; into the scratch folder's own git configuration.
  const { key, value } = edition.credential;
  await createGit(scratch.env).must(['config', '--global', key, value], scratch.work);

  const api = createApiClient({ url: address.api, token: address.token });
  stack.add('api client', () => api.close());
  const journal = await openJournal(api);
  stack.add('journal', () => journal.stop());
  const redis = {
    socket: join(scratch.data, 'run', 'redis.sock'),
    user: 'api',
    password: await readSecret('redis-password'),
  };
  return {
    api,
    remote: createRemote({ work: scratch.work, url: git, env: scratch.env }),
    hooks: createHooks(new URL('/webhooks/local', address.api).href, await readSecret('webhook-local')),
    journal,
    machine,
    idle: await machine.tree(),
    readAsks: () => readAsks(redis),
    signal: deps.signal,
    graceMs: deps.graceMs ?? 5000,
    accepted: [],
  };
}

async function runTimes(
  { progress, env: _, ...deps }: DemoDeps,
  scratch: Scratch,
  context: Context,
  runs: number,
) {
  const title = `${runs} timed pushes`;
  progress.begin(title);
  const startedAt = performance.now();
  let ok = false;
  const floor = await openFloor({
    work: scratch.work,
    env: scratch.env,
    node: deps.node,
    files: { '.bellows.yaml': trivial },
  });
  try {
    const { courses, floors } = await measure(context, floor, runs, (n) => {
      deps.signal.throwIfAborted();
      progress.note(title, `${n}/${runs}`);
    });
    ok = true;
    return toTimes(courses, floors);
  } finally {
    await floor.close();
    progress.end(title, ok, performance.now() - startedAt);
  }
}

/** A stage that cannot even look has not seen what it must. */
export async function runStage(stage: Stage, context: Context, progress: Progress): Promise<Claim> {
  const { title, must } = stage;
  progress.begin(title);
  const startedAt = performance.now();
  const { seen, ok } = await stage
    .run(context)
    .catch((error: unknown): Seen => ({ seen: `✗ ${toMessage(error)}`, ok: false }));
  const ms = performance.now() - startedAt;
  progress.end(title, ok, ms);
  return { title, must, seen, ok, ms: Math.round(ms) };
}

function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
