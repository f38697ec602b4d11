/** How a plan is run: a tree is fetched, its plan is read, its steps become processes. */

export { type ChangesOptions, readChanges } from './changes.ts';
export {
  CheckoutError,
  type CheckoutOptions,
  CommitGoneError,
  checkout,
} from './checkout.ts';
export type { Commit } from './commit.ts';
export { type Contained, type ContainedOptions, type ContainedRun, createContained } from './contained.ts';
export type { ContainerLimits } from './container-limits.ts';
export {
  CannotRunError,
  type Engine,
  EngineError,
  type EngineWork,
  type StepEnd,
  type StepRun,
  type Write,
} from './engine.ts';
export { type FinishOptions, finishCheckout, isUnfinished } from './finish-checkout.ts';
export { type CloneTarget, GitAddressError } from './git.ts';
export { type Head, readHead } from './head.ts';
export { type Isolation, type IsolationWish, probeIsolation, type View } from './isolation.ts';
export { findPipelinePaths, loadPlans } from './load-plan.ts';
export { hasLockFile } from './lock-files.ts';
export { type EngineKind, type EngineOptions, engineKinds, openEngine } from './open-engine.ts';
export { createProcessEngine, type ProcessEngineOptions } from './process-engine.ts';
export { createReaper, type Reaper } from './reaper.ts';
export {
  type OwnSteps,
  type RunEnd,
  type RunOptions,
  type RunSink,
  runPipeline,
  type StepReport,
} from './run-pipeline.ts';
export { findClosedFolders, findTool, toToolVariables } from './tools.ts';
export { type FindOptions, type Found, findFiles, openTreeFile } from './tree-files.ts';
export { createWorkspace, toSeen, type Workspace } from './workspace.ts';
