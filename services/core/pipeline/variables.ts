import type { JobSpec } from '../job/index.ts';

export interface RunContext {
  /** Seconds since 1970. */
  startedAt: number;
  /** `linux/arm64`. */
  platform: string;
  /** Without credentials. */
  cloneUrl: string;
  workspace: string;
  /** 1 for the first; the work may run again after an agent was lost. */
  attempt: number;
  /** Rises with each claim and each loss. */
  fence: number;
  job: string;
  /** The job's page. */
  page: string;
  /** What the commit says of itself. @default what the forge told */
  commit?: { message: string; authorEmail: string; at: number | undefined } | undefined;
}

interface Facts {
  spec: JobSpec;
  context: RunContext;
  /** Parts of the repository's id. */
  owner: string;
  name: string;
  isTag: boolean;
}

/** A variable that a step finds, where its value comes from, and how; without one it is not known here. */
export interface CiVariable {
  name: string;
  source: string;
  toValue?: (facts: Facts) => string | undefined;
}

const from =
  (source: string) =>
  (toValue: NonNullable<CiVariable['toValue']>): Omit<CiVariable, 'name'> => ({ source, toValue });
const event = from('what the forge told');
const tree = from('the commit itself');
const agent = from('the agent');
const api = from('the address of the job’s page');
const never = (source: string): Omit<CiVariable, 'name'> => ({ source });

const unnumbered = never('never: pipelines have ids, and no numbers');
const untold = never('not yet: the forge is not asked for it');
const unseen = never('not yet: there is no such event');
const past = never('not yet: what ran before on a branch is not looked up');
const untrusted = from('always: no repository is trusted')(() => 'false');
const step = never('the agent, as the step begins');

/** Those of Woodpecker v3, and our own behind them. */
const table: Readonly<Record<string, Omit<CiVariable, 'name'>>> = {
  CI: from('always')(() => 'true'),
  CI_REPO: event(({ owner, name }) => `${owner}/${name}`),
  CI_REPO_OWNER: event(({ owner }) => owner),
  CI_REPO_NAME: event(({ name }) => name),
  CI_REPO_SCM: from('always')(() => 'git'),
  CI_REPO_REMOTE_ID: untold,
  CI_REPO_URL: from('the address that is cloned from')(({ spec, context }) =>
    spec.repository.startsWith('local/') ? undefined : context.cloneUrl.replace(/\.git$/, ''),
  ),
  CI_REPO_CLONE_URL: from('the address that is cloned from')(({ context }) => context.cloneUrl),
  CI_REPO_CLONE_SSH_URL: untold,
  CI_REPO_DEFAULT_BRANCH: event(({ spec }) => spec.defaultBranch),
  CI_REPO_PRIVATE: untold,
  CI_REPO_TRUSTED_NETWORK: untrusted,
  CI_REPO_TRUSTED_VOLUMES: untrusted,
  CI_REPO_TRUSTED_SECURITY: untrusted,
  CI_COMMIT_SHA: event(({ spec }) => spec.sha),
  CI_COMMIT_REF: event(({ spec }) => spec.ref),
  CI_COMMIT_REFSPEC: event(({ spec }) => spec.pullRequest && `${spec.pullRequest.head}:${spec.branch}`),
  CI_COMMIT_BRANCH: event(({ spec, isTag }) => (isTag ? undefined : spec.branch)),
  CI_COMMIT_SOURCE_BRANCH: event(({ spec }) => spec.pullRequest?.head),
  CI_COMMIT_TARGET_BRANCH: event(({ spec }) => spec.pullRequest && spec.branch),
  CI_COMMIT_TAG: event(({ spec, isTag }) => (isTag ? spec.ref.slice('refs/tags/'.length) : undefined)),
  CI_COMMIT_PULL_REQUEST: event(({ spec }) => spec.pullRequest && String(spec.pullRequest.number)),
  CI_COMMIT_PULL_REQUEST_LABELS: untold,
  CI_COMMIT_PULL_REQUEST_MILESTONE: untold,
  CI_COMMIT_PULL_REQUEST_DRAFT: untold,
  CI_COMMIT_MESSAGE: tree(({ spec, context }) => context.commit?.message || spec.subject),
  CI_COMMIT_TIMESTAMP: tree(({ context }) => toText(context.commit?.at)),
  CI_COMMIT_AUTHOR: event(({ spec }) => spec.author),
  CI_COMMIT_AUTHOR_EMAIL: tree(({ context }) => context.commit?.authorEmail),
  CI_COMMIT_PRERELEASE: unseen,
  CI_PIPELINE_NUMBER: unnumbered,
  CI_PIPELINE_PARENT: unnumbered,
  CI_PIPELINE_STATUS: step,
  CI_PIPELINE_EVENT: event(({ spec }) => spec.event),
  CI_PIPELINE_EVENT_REASON: unseen,
  CI_PIPELINE_URL: api(({ context }) => context.page),
  CI_PIPELINE_FORGE_URL: untold,
  CI_PIPELINE_DEPLOY_TARGET: unseen,
  CI_PIPELINE_DEPLOY_TASK: unseen,
  CI_PIPELINE_RELEASE_TITLE: unseen,
  CI_PIPELINE_RELEASE_PRE: unseen,
  CI_PIPELINE_CREATED: never('not yet: an agent is not told when a pipeline was accepted'),
  CI_PIPELINE_STARTED: agent(({ context }) => String(context.startedAt)),
  CI_PIPELINE_FILES: never(
    'git, where a file of the pipeline names it or has a condition on `path`: JSON, at most 500',
  ),
  CI_PIPELINE_AUTHOR: event(({ spec }) => spec.author),
  CI_PIPELINE_AVATAR: untold,
  CI_PIPELINE_RERUNS: event(({ spec }) => toText(spec.run && spec.run - 1)),
  CI_WORKFLOW_NAME: from('the name of the file')(({ spec }) => spec.workflow),
  CI_STEP_NAME: step,
  CI_STEP_TYPE: step,
  CI_STEP_NUMBER: step,
  CI_STEP_STARTED: step,
  CI_STEP_URL: api(({ context }) => context.page),
  CI_PREV_COMMIT_SHA: from('what the forge told: where the branch stood before a push')(
    ({ spec }) => spec.before,
  ),
  CI_PREV_COMMIT_REF: past,
  CI_PREV_COMMIT_REFSPEC: past,
  CI_PREV_COMMIT_BRANCH: past,
  CI_PREV_COMMIT_SOURCE_BRANCH: past,
  CI_PREV_COMMIT_TARGET_BRANCH: past,
  CI_PREV_COMMIT_URL: past,
  CI_PREV_COMMIT_MESSAGE: past,
  CI_PREV_COMMIT_TIMESTAMP: past,
  CI_PREV_COMMIT_AUTHOR: past,
  CI_PREV_COMMIT_AUTHOR_EMAIL: past,
  CI_PREV_PIPELINE_NUMBER: unnumbered,
  CI_PREV_PIPELINE_PARENT: unnumbered,
  CI_PREV_PIPELINE_EVENT: past,
  CI_PREV_PIPELINE_EVENT_REASON: past,
  CI_PREV_PIPELINE_URL: past,
  CI_PREV_PIPELINE_FORGE_URL: past,
  CI_PREV_PIPELINE_DEPLOY_TARGET: past,
  CI_PREV_PIPELINE_DEPLOY_TASK: past,
  CI_PREV_PIPELINE_STATUS: past,
  CI_PREV_PIPELINE_CREATED: past,
  CI_PREV_PIPELINE_STARTED: past,
  CI_PREV_PIPELINE_FINISHED: past,
  CI_PREV_PIPELINE_AUTHOR: past,
  CI_PREV_PIPELINE_AVATAR: past,
  CI_WORKSPACE: agent(({ context }) => context.workspace),
  CI_SYSTEM_NAME: from('always')(() => 'bellows'),
  CI_SYSTEM_URL: api(({ context }) => new URL(context.page).origin),
  CI_SYSTEM_HOST: api(({ context }) => new URL(context.page).hostname),
  CI_SYSTEM_PLATFORM: agent(({ context }) => context.platform),
  CI_SYSTEM_VERSION: never('not yet: an agent is not told'),
  CI_FORGE_TYPE: event(({ spec }) => spec.repository.split('/')[0]),
  CI_FORGE_URL: from('the address that is cloned from')(({ context }) => new URL(context.cloneUrl).origin),
  CI_SCRIPT: never('never: inside of Woodpecker'),
  CI_NETRC_USERNAME: never('never: a step sees no credentials'),
  CI_NETRC_PASSWORD: never('never: a step sees no credentials'),
  CI_NETRC_MACHINE: never('never: a step sees no credentials'),
  CI_JOB: agent(({ context }) => context.job),
  CI_ATTEMPT: agent(({ context }) => String(context.attempt)),
  CI_FENCE: agent(({ context }) => String(context.fence)),
  // W3C Trace Context: programs that know it go on with the trace of the push.
  TRACEPARENT: from('the trace of the push')(({ spec }) => spec.traceparent),
};

export const ciVariables: readonly CiVariable[] = Object.entries(table).map(([name, rest]) => ({
  name,
  ...rest,
}));

/**
 * The variables of Woodpecker v3 that are known here, for commands and for `${…}` elsewhere in the file. An empty one
 * is left out, as there.
 */
export function toCiVariables(spec: JobSpec, context: RunContext): Record<string, string> {
  const [, owner = '', name = ''] = spec.repository.split('/');
  const facts = { spec, context, owner, name, isTag: spec.ref.startsWith('refs/tags/') };
  const known = ciVariables.flatMap(({ name, toValue }) => {
    const value = toValue?.(facts) ?? '';
    // No program's environment can hold a NUL.
    return value === '' ? [] : [[name, value.replaceAll('\0', '')]];
  });
  return Object.fromEntries(known);
}

const toText = (number: number | undefined): string | undefined => number?.toString();

const maxFiles = 500;

/** `CI_PIPELINE_FILES`, as in Woodpecker: none for too many, or where they are not known. */
export function toFilesVariable(changed: readonly string[] | undefined): Record<string, string> {
  if (changed === undefined || changed.length > maxFiles) return {};
  return { CI_PIPELINE_FILES: JSON.stringify(changed) };
}
