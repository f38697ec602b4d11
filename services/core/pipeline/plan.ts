import type { Position } from './pipeline-error.ts';

/**
 * What one job runs: the one form that every front end is read into, and every engine runs. A file with a
 * matrix makes one for each of its entries.
 */
export interface Plan {
  /** The file it came from, or what it was detected from. */
  source: string;
  detected: boolean;
  /** The file's name without folder and ending. */
  workflow: string;
  /** Empty: always. */
  when: readonly Condition[];
  clone: CloneOptions;
  /** Names of workflows that have to end before this one begins. */
  dependsOn: readonly string[];
  /** Those of them that it does without where their own `when` leaves them out. @default none */
  optionalNeeds?: readonly string[];
  /** How those may have ended. */
  runsOn: readonly Status[];
  /** What the agent has to be like. */
  labels: Readonly<Record<string, string>>;
  /** The variables of this entry of the file's matrix; none without a matrix. */
  axes: Readonly<Record<string, string>>;
  /** At most `limit` jobs of the group at once. @default no limit */
  concurrency?: { group: string; limit: number };
  /** @default what the repository allows */
  timeoutMs?: number;
  /** `auto`: what the tree's lock files suggest. */
  cache: readonly CachePlan[] | 'auto' | 'off';
  /** Where a container finds the tree: `path` below `base`. @default the engine's choice */
  workspace?: { base?: string; path?: string };
  /** Begun before the first step and ended after the last. */
  services: readonly PlannedStep[];
  steps: readonly PlannedStep[];
}

export type Status = 'success' | 'failure';

export interface CloneOptions {
  /** The job begins in an empty folder. */
  skip: boolean;
  /** In commits. @default the agent's choice */
  depth?: number;
  /** Leaves out what no file of the commit needs. @default the agent's choice */
  partial?: boolean;
  lfs: boolean;
  submodules: boolean;
  tags: boolean;
}

export interface CachePlan {
  name: string;
  /** Below the workspace, or below the job's home where they begin with `~/`. */
  paths: readonly string[];
  /** Globs of the files whose contents make the key. */
  key: readonly string[];
}

export type PlannedStep = StepPlan & StepKind;

interface StepPlan {
  name: string;
  image?: string;
  /** Run by `sh -e`, unless there is an entrypoint of its own. */
  commands: readonly string[];
  entrypoint?: readonly string[];
  /** The author's, what `settings` of a plugin became, and what the parser made for the commands. */
  environment: Readonly<Record<string, string>>;
  /** Variables whose values are secrets. @default none */
  secrets?: readonly SecretUse[];
  /** Below the workspace; `.` for the workspace itself. */
  directory: string;
  /** `ignore`: its failure is shown, and changes nothing. `cancel`: it ends the whole pipeline. */
  failure: 'fail' | 'ignore' | 'cancel';
  /** Empty: always. */
  when: readonly Condition[];
  /**
   * Names of steps that have to end first. Given for any step of a plan, the steps are a graph, and one
   * without begins at once. @default after the step before
   */
  dependsOn?: readonly string[];
  /** Those of them that it does without where their own `when` leaves them out. @default none */
  optionalNeeds?: readonly string[];
  /** The next step does not wait for it; it is ended after the last one. */
  detach: boolean;
  /** TCP ports that it answers on when it is ready. */
  ports: readonly number[];
  /** Asks the registry for a newer image even where one is there. */
  pull: boolean;
  timeoutMs?: number;
  /** Folders or volumes of the machine, of a repository that is trusted with them: `from:to[:ro]`. */
  volumes?: readonly string[];
  /** What it may use, where it runs in a container: nothing else of `backend_options` is taken. */
  resources?: Resources;
}

export interface Resources {
  /** Quantities by name: `cpu`, `memory`, `ephemeral-storage`. */
  requests: Readonly<Record<string, string>>;
  limits: Readonly<Record<string, string>>;
}

export type StepKind =
  /** `commands`: runs them. `plugin`: runs the image as it is, with `PLUGIN_*` variables. */
  | { kind: 'commands' | 'plugin' }
  /** Ours, and run by the agent itself. `secrets` of an image are its `username` and `password`. */
  | { kind: 'image'; settings: ImageSettings }
  | { kind: 'artifacts'; settings: ArtifactsSettings }
  | { kind: 'reports'; settings: ReportsSettings };

export interface ImageSettings {
  /** With its registry: `registry.example/team/app`. */
  repo: string;
  tags: readonly string[];
  dockerfile: string;
  /** Below the workspace. */
  context: string;
  /** A stage of the file. @default the last */
  target?: string;
  /** `linux/arm64`. Empty: the agent's own. */
  platforms: readonly string[];
  buildArgs: Readonly<Record<string, string>>;
  cache: boolean;
  /** False: builds, and sends nothing. */
  push: boolean;
  /** Where it is no secret. */
  username?: string;
}

export interface ArtifactsSettings {
  /** @default the step's name */
  name?: string;
  /** Globs, below the workspace. */
  paths: readonly string[];
  exclude: readonly string[];
}

export interface ReportsSettings {
  /** Globs of JUnit files. */
  junit: readonly string[];
  /** Globs of LCOV and Cobertura files. */
  coverage: readonly string[];
}

/** A variable of a step that a secret of the repository is the value of. */
export interface SecretUse {
  variable: string;
  /** In lower case. */
  secret: string;
  /** Where the file asks for it. */
  position: Position;
  /** Where the value is more than the secret: all of it, in order. @default the secret alone */
  parts?: readonly SecretPart[];
}

/** Text as it is, or the value of a secret, which inside of JSON is written as JSON writes it. */
export type SecretPart = string | { secret: string; position: Position; json: boolean };

/** All that is given has to be true. Patterns are globs, as `parseGlob` reads them. */
export interface Condition {
  event?: readonly string[];
  branch?: Patterns;
  ref?: Patterns;
  /** Of `owner/name`. */
  repo?: Patterns;
  /** Of the name of the host that runs this platform. */
  instance?: Patterns;
  platform?: Patterns;
  cron?: Patterns;
  path?: PathPatterns;
  matrix?: { include: Readonly<Record<string, string>>; exclude: Readonly<Record<string, string>> };
  /** In expr-lang. */
  evaluate?: { expression: string; position: Position };
  /** False: not on somebody's own machine. */
  local?: boolean;
  /** @default `success` */
  status?: readonly Status[];
}

export interface Patterns {
  include: readonly string[];
  exclude: readonly string[];
}

/** Of the files that an event changed: one is in `include`, and not all are in `exclude`. */
export interface PathPatterns extends Patterns {
  /** In the commit's message: the condition holds whatever was changed. */
  ignoreMessage?: string;
  /** What holds where nothing was changed. */
  onEmpty: boolean;
}

/** What a plan has where its file says nothing. */
export const planDefaults = {
  clone: { skip: false, lfs: true, submodules: false, tags: false },
  dependsOn: [],
  runsOn: ['success'],
  labels: {},
  axes: {},
  cache: 'auto',
  services: [],
} as const satisfies Partial<Plan>;

/** What a step has where its file says nothing. */
export const stepDefaults = {
  kind: 'commands',
  environment: {},
  directory: '.',
  failure: 'fail',
  when: [],
  detach: false,
  ports: [],
  pull: false,
} as const satisfies Partial<PlannedStep>;
