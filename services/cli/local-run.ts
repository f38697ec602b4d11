import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { arch, platform, tmpdir } from 'node:os';
import { basename, isAbsolute, join } from 'node:path';
import {
  createWorkspace,
  type EngineKind,
  openEngine,
  type RunEnd,
  type RunSink,
  readHead,
  runPipeline,
} from '../core/execute/index.ts';
import type { JobSpec } from '../core/job/index.ts';
import { maskSink } from '../core/mask/index.ts';
import {
  PipelineError,
  type Plan,
  type Situation,
  selectSecrets,
  toCiVariables,
  toSituation,
  type Variables,
} from '../core/pipeline/index.ts';
import type { Context } from './context.ts';

export interface LocalRunOptions {
  folder: string;
  env: Readonly<Record<string, string | undefined>>;
  event: JobSpec['event'];
  /** @default the branch that is checked out */
  branch?: string | undefined;
  now: number;
}

/** What a run on this machine is of: there is no job, so there is neither an id nor a page. */
export interface LocalRun {
  situation: Situation;
  variables: Variables;
}

const nowhere = 'http://localhost/';

/** Asks the folder's git for what a forge would have told. */
export async function toLocalRun({ folder, env, event, branch, now }: LocalRunOptions): Promise<LocalRun> {
  const given = Object.entries(env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
  const head = await readHead(folder, Object.fromEntries(given));
  const name = branch ?? head?.branch ?? 'main';
  const spec: JobSpec = {
    repository: `local/${env.USER ?? 'me'}/${basename(folder)}`,
    event,
    ref: event === 'tag' ? `refs/tags/${name}` : `refs/heads/${name}`,
    branch: name,
    sha: head?.sha ?? '0'.repeat(40),
    subject: head?.subject ?? '',
    author: head?.author ?? '',
    defaultBranch: name,
    timeLimitMs: Number.MAX_SAFE_INTEGER,
  };
  const all = toCiVariables(spec, {
    startedAt: Math.floor(now / 1000),
    platform: `${platform()}/${arch() === 'x64' ? 'amd64' : arch()}`,
    cloneUrl: nowhere,
    workspace: folder,
    attempt: 1,
    fence: 1,
    job: 'local',
    page: nowhere,
    // Whoever runs it is at home here.
    about: { trustedWith: ['volumes'] },
  });
  const variables = Object.entries(all).filter(([, value]) => !value.startsWith(nowhere.slice(0, -1)));
  const known = Object.fromEntries(variables);
  return { situation: toSituation(known, { local: true }), variables: known };
}

/** Where tools that run here find what they fetched for the run before: not in the folders of the user's own work. */
async function toKept({
  HOME: home,
  XDG_CACHE_HOME: cache,
}: Context['env']): Promise<Record<string, string>> {
  const base = cache !== undefined && isAbsolute(cache) ? cache : home && join(home, '.cache');
  if (base === undefined || !existsSync(home ?? base)) return {};
  const { toKeptVariables } = await import('../core/cache/index.ts');
  return toKeptVariables(join(base, 'bellows', 'run'));
}

/** Runs a plan in the folder itself, as an agent would in its checkout: own HOME, scrubbed environment. */
export async function runLocally(
  plan: Plan,
  { situation, variables }: LocalRun,
  {
    folder,
    engine: kind,
    path,
    env,
    tools,
    secrets,
    sink,
    signal,
  }: {
    folder: string;
    engine: EngineKind;
    path: string;
    env: Readonly<Record<string, string | undefined>>;
    tools: Readonly<Record<string, string>>;
    /** Of the user's own file, by name. */
    secrets: ReadonlyMap<string, string>;
    sink: RunSink;
    signal: AbortSignal;
  },
): Promise<RunEnd> {
  requireSecrets(plan, situation, secrets);
  const scratch = await mkdtemp(join(tmpdir(), 'bellows-run-'));
  const workspace = { ...createWorkspace(scratch), tree: folder };
  const isolation = { kind: 'none', reason: 'these are the commands of whoever runs them' } as const;
  const kept = await toKept(env);
  const plugins = env.BELLOWS_PLUGINS?.split(',').filter((pattern) => pattern !== '');
  const engine = openEngine(kind, {
    ...{ workspace, isolation, path, env, plugins },
    tools: { ...kept, ...tools },
  });
  const masked = secrets.size === 0 ? undefined : maskSink(secrets, sink);
  try {
    const end = await runPipeline({
      plan,
      situation: { ...situation, axes: plan.axes },
      engine,
      variables: { ...variables, CI_WORKFLOW_NAME: plan.workflow },
      secrets,
      sink: masked ?? sink,
      signal,
    });
    return masked?.maskEnd(end) ?? end;
  } finally {
    await masked?.close();
    await engine.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

function requireSecrets(plan: Plan, situation: Situation, secrets: ReadonlyMap<string, string>): void {
  for (const { secret, position } of selectSecrets(plan, situation))
    if (!secrets.has(secret))
      throw new PipelineError(
        plan.source,
        position,
        `there is no secret ${JSON.stringify(secret)} here`,
        'give it in a file: bellows run --secrets-file secrets.yaml',
      );
}
