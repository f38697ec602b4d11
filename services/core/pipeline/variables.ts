import type { Claim, JobSpec, JobState, Lineage, RepositoryFacts } from '../job/index.ts';

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
  /** What the api knows beside the spec. */
  about?: Claim['about'];
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

const facts = (toValue: (facts: RepositoryFacts) => string | undefined) =>
  from('what the forge told of the repository')(
    ({ context }) => context.about?.facts && toValue(context.about.facts),
  );
const lineage = (toValue: (lineage: Lineage) => number | undefined) =>
  from('the api’s count')(({ context }) => context.about?.lineage && toText(toValue(context.about.lineage)));
const past = (toValue: (before: Before, facts: Facts) => string | undefined) =>
  from('the pipeline before on the branch')((facts) => {
    const before = facts.context.about?.lineage?.before;
    return before && toValue(before, facts);
  });
const untrusted = from('always: no repository is')(() => 'false');
const step = never('the agent, as the step begins');
const avatar = from('the forge’s picture of whoever did it')(({ spec, context }) => toAvatar(spec, context));

/** Those of Woodpecker v3, and our own behind them. */
const table: Readonly<Record<string, Omit<CiVariable, 'name'>>> = {
  CI: from('always')(() => 'true'),
  CI_REPO: event(({ owner, name }) => `${owner}/${name}`),
  CI_REPO_OWNER: event(({ owner }) => owner),
  CI_REPO_NAME: event(({ name }) => name),
  CI_REPO_SCM: from('always')(() => 'git'),
  CI_REPO_REMOTE_ID: facts(({ remoteId }) => String(remoteId)),
  CI_REPO_URL: from('what the forge told of the repository, or the address that is cloned from')(
    ({ spec, context }) =>
      context.about?.facts?.page ??
      (spec.repository.startsWith('local/') ? undefined : context.cloneUrl.replace(/\.git$/, '')),
  ),
  CI_REPO_CLONE_URL: from('the address that is cloned from')(({ context }) => context.cloneUrl),
  CI_REPO_CLONE_SSH_URL: facts(({ ssh }) => ssh),
  CI_REPO_DEFAULT_BRANCH: event(({ spec }) => spec.defaultBranch),
  CI_REPO_PRIVATE: from('what the forge told of the repository; the local remote’s are')(
    ({ spec, context }) =>
      spec.repository.startsWith('local/')
        ? 'true'
        : context.about?.facts && String(context.about.facts.private),
  ),
  CI_REPO_TRUSTED_NETWORK: untrusted,
  CI_REPO_TRUSTED_VOLUMES: from('the api: what an admin trusts the repository with')(({ context }) =>
    String(context.about?.trustedWith?.includes('volumes') === true),
  ),
  CI_REPO_TRUSTED_SECURITY: untrusted,
  CI_REPO_TRUSTED: untrusted,
  CI_COMMIT_SHA: event(({ spec }) => spec.sha),
  CI_COMMIT_REF: event(({ spec }) => spec.ref),
  CI_COMMIT_REFSPEC: event(({ spec }) => toRefspec(spec)),
  CI_COMMIT_BRANCH: event(({ spec, isTag }) => (isTag ? undefined : spec.branch)),
  CI_COMMIT_SOURCE_BRANCH: event(({ spec }) => spec.pullRequest?.head),
  CI_COMMIT_TARGET_BRANCH: event(({ spec }) => spec.pullRequest && spec.branch),
  CI_COMMIT_TAG: event(({ spec, isTag }) => (isTag ? spec.ref.slice('refs/tags/'.length) : undefined)),
  CI_COMMIT_PULL_REQUEST: event(({ spec }) => spec.pullRequest && String(spec.pullRequest.number)),
  CI_COMMIT_PULL_REQUEST_LABELS: event(({ spec }) => spec.pullRequest?.labels?.join(',')),
  CI_COMMIT_PULL_REQUEST_MILESTONE: event(({ spec }) => spec.pullRequest?.milestone),
  CI_COMMIT_PULL_REQUEST_DRAFT: event(
    ({ spec }) => spec.pullRequest && String(spec.pullRequest.draft === true),
  ),
  CI_COMMIT_MESSAGE: tree(({ spec, context }) => context.commit?.message || spec.subject),
  CI_COMMIT_TIMESTAMP: tree(({ spec, context }) => toText(context.commit?.at ?? spec.commit?.at)),
  CI_COMMIT_AUTHOR: event(({ spec }) => spec.author),
  CI_COMMIT_AUTHOR_EMAIL: tree(({ spec, context }) => context.commit?.authorEmail || spec.commit?.email),
  CI_COMMIT_PRERELEASE: event(({ spec }) => spec.release && String(spec.release.pre)),
  CI_PIPELINE_NUMBER: lineage(({ number }) => number),
  CI_PIPELINE_PARENT: lineage(({ parent = 0 }) => parent),
  CI_PIPELINE_STATUS: step,
  CI_PIPELINE_EVENT: event(({ spec }) => spec.event),
  CI_PIPELINE_EVENT_REASON: event(({ spec }) => spec.reason),
  CI_PIPELINE_URL: api(({ context }) => context.page),
  CI_PIPELINE_FORGE_URL: from('the address of the repository at its forge')(({ spec, context }) =>
    toForgePage(spec, context),
  ),
  CI_PIPELINE_DEPLOY_TARGET: event(({ spec }) => spec.deployment?.target),
  CI_PIPELINE_DEPLOY_TASK: event(({ spec }) => spec.deployment?.task),
  CI_PIPELINE_RELEASE_TITLE: event(({ spec }) => spec.release?.title),
  CI_PIPELINE_RELEASE_PRE: event(({ spec }) => spec.release && String(spec.release.pre)),
  CI_PIPELINE_CREATED: lineage(({ createdAt }) => toSeconds(createdAt)),
  CI_PIPELINE_STARTED: agent(({ context }) => String(context.startedAt)),
  CI_PIPELINE_FILES: never(
    'git, where a file of the pipeline names it or has a condition on `path`: JSON, at most 500',
  ),
  CI_PIPELINE_AUTHOR: event(({ spec }) => toAuthor(spec)),
  CI_PIPELINE_AVATAR: avatar,
  CI_PIPELINE_RERUNS: event(({ spec }) => toText(spec.run && spec.run - 1)),
  // Older names, which files still have.
  CI_COMMIT_AUTHOR_AVATAR: avatar,
  CI_PREV_COMMIT_AUTHOR_AVATAR: past(({ spec }, { context }) => toAvatar(spec, context)),
  CI_WORKFLOW_NAME: from('the name of the file')(({ spec }) => spec.workflow),
  CI_WORKFLOW_NUMBER: lineage(({ place }) => place),
  CI_STEP_NAME: step,
  CI_STEP_TYPE: step,
  CI_STEP_NUMBER: step,
  CI_STEP_STARTED: step,
  CI_STEP_URL: api(({ context }) => context.page),
  CI_PREV_COMMIT_SHA: from(
    'what the forge told: where the branch stood before a push; else the pipeline before on the branch',
  )(({ spec, context }) => spec.before ?? context.about?.lineage?.before?.spec.sha),
  CI_PREV_COMMIT_REF: past(({ spec }) => spec.ref),
  CI_PREV_COMMIT_REFSPEC: past(({ spec }) => toRefspec(spec)),
  CI_PREV_COMMIT_BRANCH: past(({ spec }) => spec.branch),
  CI_PREV_COMMIT_SOURCE_BRANCH: past(({ spec }) => spec.pullRequest?.head),
  CI_PREV_COMMIT_TARGET_BRANCH: past(({ spec }) => spec.pullRequest && spec.branch),
  CI_PREV_COMMIT_URL: past(({ spec }, { context }) => toForgePage(spec, context)),
  CI_PREV_COMMIT_MESSAGE: past(({ spec }) => spec.subject),
  CI_PREV_COMMIT_TIMESTAMP: past(({ spec }) => toText(spec.commit?.at)),
  CI_PREV_COMMIT_AUTHOR: past(({ spec }) => spec.author),
  CI_PREV_COMMIT_AUTHOR_EMAIL: past(({ spec }) => spec.commit?.email),
  CI_PREV_PIPELINE_NUMBER: past(({ number }) => toText(number)),
  CI_PREV_PIPELINE_PARENT: past(({ parent = 0 }) => toText(parent)),
  CI_PREV_PIPELINE_EVENT: past(({ spec }) => spec.event),
  CI_PREV_PIPELINE_EVENT_REASON: past(({ spec }) => spec.reason),
  CI_PREV_PIPELINE_URL: past(({ job }, { context }) => context.page.replace(/[^/]+$/, job)),
  CI_PREV_PIPELINE_FORGE_URL: past(({ spec }, { context }) => toForgePage(spec, context)),
  CI_PREV_PIPELINE_DEPLOY_TARGET: past(({ spec }) => spec.deployment?.target),
  CI_PREV_PIPELINE_DEPLOY_TASK: past(({ spec }) => spec.deployment?.task),
  CI_PREV_PIPELINE_STATUS: past(({ state }) => statuses[state]),
  CI_PREV_PIPELINE_CREATED: past(({ createdAt }) => toText(toSeconds(createdAt))),
  CI_PREV_PIPELINE_STARTED: past(({ startedAt }) => toText(toSeconds(startedAt))),
  CI_PREV_PIPELINE_FINISHED: past(({ finishedAt }) => toText(toSeconds(finishedAt))),
  CI_PREV_PIPELINE_AUTHOR: past(({ spec }) => toAuthor(spec)),
  CI_PREV_PIPELINE_AVATAR: past(({ spec }, { context }) => toAvatar(spec, context)),
  CI_WORKSPACE: agent(({ context }) => context.workspace),
  CI_SYSTEM_NAME: from('always')(() => 'bellows'),
  CI_SYSTEM_URL: api(({ context }) => new URL(context.page).origin),
  CI_SYSTEM_HOST: api(({ context }) => new URL(context.page).hostname),
  CI_SYSTEM_PLATFORM: agent(({ context }) => context.platform),
  CI_SYSTEM_VERSION: from('the api')(({ context }) => context.about?.version),
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

function toSeconds(ms: number): number;
function toSeconds(ms: number | undefined): number | undefined;
function toSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.floor(ms / 1000);
}

type Before = NonNullable<Lineage['before']>;
type Told = Pick<JobSpec, 'author' | 'branch' | 'event' | 'pullRequest' | 'ref' | 'sender' | 'sha'>;

/** Woodpecker's words for how a pipeline stands. */
const statuses: Readonly<Record<JobState, string>> = {
  waiting: 'pending',
  blocked: 'pending',
  queued: 'pending',
  running: 'running',
  delayed: 'pending',
  success: 'success',
  failure: 'failure',
  cancelled: 'killed',
  timeout: 'failure',
  skipped: 'skipped',
  dead: 'error',
};

function toRefspec({ pullRequest, branch }: Told): string | undefined {
  return pullRequest && `${pullRequest.head}:${branch}`;
}

/** A pull request's is who opened it, whoever pushed to it. */
function toAuthor({ pullRequest, sender, author }: Told): string {
  return pullRequest === undefined ? (sender ?? author) : author;
}

/** Where both forges show what an event is of; made here, of the repository's own page. */
function toForgePage(
  { event, ref, sha, pullRequest }: Told,
  { about, cloneUrl }: RunContext,
): string | undefined {
  const page = about?.facts?.page;
  if (page === undefined) return undefined;
  const isGithub = new URL(cloneUrl).hostname === 'github.com';
  if (pullRequest !== undefined) return `${page}/${isGithub ? 'pull' : 'pulls'}/${pullRequest.number}`;
  const tag = encodeURI(ref.slice('refs/tags/'.length));
  if (event === 'release') return `${page}/releases/tag/${tag}`;
  if (event === 'tag') return `${page}/${isGithub ? 'tree' : 'src/tag'}/${tag}`;
  return `${page}/commit/${sha}`;
}

/** Both forges answer `/<login>.png`. A commit's author may be nobody whom the forge knows. */
function toAvatar(spec: Told, { about }: RunContext): string | undefined {
  const page = about?.facts?.page;
  const login = toAuthor(spec);
  if (page === undefined || !/^[A-Za-z0-9][\w.-]{0,99}$/.test(login)) return undefined;
  return `${page.replace(/[^/]+\/[^/]+$/, '')}${login}.png`;
}

const maxFiles = 500;

/** `CI_PIPELINE_FILES`, as in Woodpecker: none for too many, or where they are not known. */
export function toFilesVariable(changed: readonly string[] | undefined): Record<string, string> {
  if (changed === undefined || changed.length > maxFiles) return {};
  return { CI_PIPELINE_FILES: JSON.stringify(changed) };
}
