/** What a pipeline file means: found, read, refused with its place, chosen from. No I/O. */
export { asksForChanges, filesVariable } from './changes.ts';
export { detectPlan, explainDetection, type TreeTop } from './detect.ts';
export { limits } from './document.ts';
export { loadPatterns } from './evaluate/index.ts';
export { defaultPipelineFile, findPipelineFiles, pipelineFolder, toWorkflowName } from './files.ts';
export { type Glob, GlobError, matchesGlob, parseGlob } from './glob.ts';
export { lintPipeline, lintTogether, type PipelineProblem } from './lint.ts';
export { deepestLock, isForeignFolder, isLockFile } from './lock-files.ts';
export { cloneStep, findErrors, parsePipeline } from './parse.ts';
export { type PathFilter, toPathFilter } from './path-filter.ts';
export { PipelineError, type Position } from './pipeline-error.ts';
export {
  findOwn,
  type PipelineJob,
  type PipelineJobs,
  toFoundJob,
  toPipelineJobs,
} from './pipeline-jobs.ts';
export {
  type ArtifactsSettings,
  type CachePlan,
  type CloneOptions,
  type Condition,
  type ImageSettings,
  type Plan,
  type PlannedStep,
  planDefaults,
  type ReportsSettings,
  type SecretUse,
  type Status,
  type StepKind,
  stepDefaults,
} from './plan.ts';
export { defaultPlugins, isNamed, isPinned, toImageName } from './plugin-pins.ts';
export { printPlan } from './print.ts';
export { toPipelineSchema } from './schema/json-schema.ts';
export { pipelineEvents } from './schema/when.ts';
export { toSecretPlaces, toSecretValue } from './secret-use.ts';
export { parseSecretsFile } from './secrets-file.ts';
export {
  isSelected,
  runsOnStatus,
  type Selection,
  type Situation,
  selectSecrets,
  selectSteps,
  toSituation,
  workflowRunsOn,
} from './select.ts';
export type { Variables } from './substitution.ts';
export {
  type CiVariable,
  ciVariables,
  type RunContext,
  toCiVariables,
  toFilesVariable,
} from './variables.ts';
