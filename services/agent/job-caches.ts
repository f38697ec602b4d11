import { type Caches, openCaches, type SaveEnd } from '../core/cache/index.ts';
import type { Engine, Workspace } from '../core/execute/index.ts';
import type { SavedCaches } from '../core/job/index.ts';
import { cloneStep, type Plan, stepDefaults } from '../core/pipeline/index.ts';
import { createCacheLink } from './cache-link.ts';
import type { JobSetting } from './job-setting.ts';

/** What is made of many small files takes as long as its files, not its bytes. */
const longestSaveMs = 10 * 60_000;
/** Of the job's result. */
const mostResults = 20;

/**
 * Restores what the job's tree can use. What it has made is kept when its outcome has been told: nobody waits for
 * that. How much it was is added to the job's result.
 *
 * @param seen the workspace as steps see it
 * @returns variables by which the tools of the steps find it
 */
export async function openJobCaches(
  setting: JobSetting,
  workspace: Workspace,
  seen: Workspace,
  plan: Plan,
  engine: Engine,
): Promise<Caches['variables']> {
  const { claim, transport, uid, platform, reporter, ending, measured, afterwards, log } = setting;
  const { signal } = ending;
  if (claim.cache === undefined) return {};
  const { read, write } = claim.cache;
  const say = (line: string) => void reporter.write(cloneStep, Buffer.from(`${line}\n`));
  try {
    const link = createCacheLink(transport, claim.job, claim.cache);
    const caches = await openCaches({
      store: link,
      wish: plan.cache,
      scopes: { read, write },
      identity: [platform, plan.workflow, ...Object.entries(plan.axes).flat()],
      workspace,
      seen,
      uid,
      toolchain: () => readToolchain(engine, plan, signal),
      say,
      signal,
    });
    if (caches === undefined) return {};
    measured.caches = caches.restored.slice(0, mostResults).map((result) => ({ ...result }));
    say(toText(caches, write !== undefined));
    afterwards.push(async (stop) => {
      const saved = await caches.save(AbortSignal.any([stop, AbortSignal.timeout(longestSaveMs)]));
      log.info({ job: claim.job, ...saved }, 'what was kept for the next job');
      const told = toTold(saved);
      if (told.length > 0) await link.told(told);
    });
    return caches.variables;
  } catch (error) {
    signal.throwIfAborted();
    // A job without its caches takes longer, and is as right.
    log.warn({ err: error }, 'no caches');
    say(`No caches: ${error instanceof Error ? error.message : String(error)}`);
    return {};
  }
}

function toTold({ saved, unsaved }: SaveEnd): SavedCaches {
  const all = [
    ...saved.map(({ name, bytes }) => ({ name, bytes })),
    ...unsaved.map(({ name, why }) => ({ name, bytes: 0, unsaved: why.slice(0, 200) })),
  ];
  return all.slice(0, mostResults);
}

function toText({ restored }: Caches, isKept: boolean): string {
  const each = restored.map(({ name, hit, bytes, ms }) =>
    hit === 'miss'
      ? `${name} not there yet`
      : `${name} ${(bytes / 1e6).toFixed(1)} MB${hit === 'older' ? ' of another lock file' : ''} in ${(ms / 1000).toFixed(1)} s`,
  );
  return `Caches: ${each.join(', ')}.${isKept ? '' : ' This job keeps nothing for others.'}`;
}

/** What the steps would compile with: asked of the compiler where they use the agent's own, else their images. */
async function readToolchain(engine: Engine, { steps }: Plan, signal: AbortSignal): Promise<string> {
  if (engine.name !== 'process') return steps.map(({ image = '' }) => image).join('\n');
  let text = '';
  const step = { ...stepDefaults, name: 'toolchain', commands: ['rustc -vV'] };
  await engine.run({
    step,
    // What a rust-toolchain.toml wants and is not there is the business of the step that wants it.
    variables: { RUSTUP_AUTO_INSTALL: '0' },
    write: (bytes) => {
      text = (text + Buffer.from(bytes).toString()).slice(0, 10_000);
    },
    signal,
  });
  return text;
}
