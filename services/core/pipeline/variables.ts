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
}

/**
 * The variables of Woodpecker v3 that are known here, for commands and for `${…}` elsewhere in the file.
 * An empty one is left out, as there. `CI_PIPELINE_NUMBER` is not among them: pipelines have ids.
 */
export function toCiVariables(spec: JobSpec, context: RunContext): Record<string, string> {
  const [forge = '', owner = '', name = ''] = spec.repository.split('/');
  const { origin, hostname } = new URL(context.page);
  const isTag = spec.ref.startsWith('refs/tags/');
  const { pullRequest } = spec;
  const all: Record<string, string> = {
    CI: 'true',
    CI_SYSTEM_NAME: 'bellows',
    CI_SYSTEM_URL: origin,
    CI_SYSTEM_HOST: hostname,
    CI_SYSTEM_PLATFORM: context.platform,
    CI_FORGE_TYPE: forge,
    CI_FORGE_URL: new URL(context.cloneUrl).origin,
    CI_REPO: `${owner}/${name}`,
    CI_REPO_OWNER: owner,
    CI_REPO_NAME: name,
    CI_REPO_SCM: 'git',
    CI_REPO_CLONE_URL: context.cloneUrl,
    CI_REPO_DEFAULT_BRANCH: spec.defaultBranch,
    CI_WORKSPACE: context.workspace,
    CI_PIPELINE_EVENT: spec.event,
    CI_PIPELINE_URL: context.page,
    CI_PIPELINE_STARTED: String(context.startedAt),
    CI_WORKFLOW_NAME: spec.workflow ?? '',
    CI_COMMIT_SHA: spec.sha,
    CI_COMMIT_REF: spec.ref,
    CI_COMMIT_BRANCH: isTag ? '' : spec.branch,
    CI_COMMIT_TAG: isTag ? spec.ref.slice('refs/tags/'.length) : '',
    CI_COMMIT_MESSAGE: spec.subject,
    CI_COMMIT_AUTHOR: spec.author,
    CI_COMMIT_SOURCE_BRANCH: pullRequest?.head ?? '',
    CI_COMMIT_TARGET_BRANCH: pullRequest === undefined ? '' : spec.branch,
    CI_COMMIT_PULL_REQUEST: String(pullRequest?.number ?? ''),
    CI_JOB: context.job,
    CI_ATTEMPT: String(context.attempt),
    CI_FENCE: String(context.fence),
    // W3C Trace Context: programs that know it go on with the trace of the push.
    TRACEPARENT: spec.traceparent ?? '',
  };
  const given = Object.entries(all).filter(([, value]) => value !== '');
  // No program's environment can hold a NUL.
  return Object.fromEntries(given.map(([key, value]) => [key, value.replaceAll('\0', '')]));
}
