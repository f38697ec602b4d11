import { chmod, chown, mkdir, mkdtemp, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import {
  type Contained,
  createContained,
  findTool,
  type Isolation,
  openTreeFile,
  type StepEnd,
  type StepRun,
  type Workspace,
} from '../core/execute/index.ts';
import {
  type Build,
  type BuildFolder,
  buildImage,
  type Credentials,
  checkTags,
  ImageError,
  parseImageName,
} from '../core/image/index.ts';
import { isForeign } from '../core/job/index.ts';
import type { ImageSettings } from '../core/pipeline/index.ts';
import type { JobSetting } from './job-setting.ts';

export interface ImageStepOptions {
  setting: Pick<JobSetting, 'claim' | 'uid' | 'path' | 'graceMs'>;
  workspace: Workspace;
  isolation: Promise<Isolation>;
}

const mostFile = 1024 * 1024;
const mostDigest = 200;
const mostSbom = 32 * 1024 * 1024;

/** Builds an image and sends it, as its settings say. What it cannot do it says, and ends with 1. */
export async function runImageStep(
  { step, secrets = [], write, signal }: StepRun,
  { setting, workspace, isolation }: ImageStepOptions,
): Promise<StepEnd> {
  if (step.kind !== 'image') throw new TypeError(`${step.kind} is no step that builds an image`);
  const { claim, uid, path, graceMs } = setting;
  const { settings } = step;
  const say = (line: string) => write(Buffer.from(`${line}\n`));
  const contained = createContained({ workspace, isolation, graceMs });
  const folder = await mkdtemp(join(workspace.folder, 'image-'));
  const env = toEnvironment(path, join(folder, 'work'));
  try {
    const refusal = await contained.refusal();
    if (refusal !== undefined) throw new ImageError(`no image can be built here: ${refusal}`);
    if (findTool(path, 'buildah') === undefined)
      throw new ImageError(
        'no image can be built here: there is no buildah. apt-get install buildah, on the machine or in the image of the agents',
      );
    const files = await makeFolder(folder, uid);
    const mayPush = settings.push && !isForeign(claim.spec);
    if (settings.push && !mayPush) await say('What a stranger wrote is built, and pushed nowhere.');
    const build = await toBuild(workspace.tree, settings, mayPush);
    const credentials = mayPush ? toCredentials(step.secrets, secrets, settings) : undefined;
    const authfile = credentials && (await writeAuthfile(folder, uid, build.image.registry, credentials));
    const run = (command: readonly string[]) =>
      contained.run(command, { cwd: workspace.tree, env, write, signal });
    const { spec, clone, job, attempt, page } = claim;
    const { dockerfile, context, target, platforms, buildArgs } = settings;
    await buildImage({
      build,
      folder: { ...files, authfile },
      needsLogin: await namesRegistry(workspace.tree, settings, build, uid),
      push: mayPush
        ? {
            credentials,
            facts: {
              source: { url: clone.url, ref: spec.ref, sha: spec.sha },
              parameters: { step: step.name, dockerfile, context, target, platforms, buildArgs },
              job: { id: job, attempt, page },
            },
          }
        : undefined,
      run,
      sbomTool: findTool(path, 'syft'),
      readDigest: async () => (await readFile(files.work, 'digest', mostDigest, uid))?.toString() ?? '',
      readSbom: () => readFile(files.work, 'sbom', mostSbom, uid),
      say,
      signal,
    });
    return { exitCode: 0 };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    await say(`${error.message}.`);
    return { exitCode: 1 };
  } finally {
    await clean(contained, folder, env);
    await contained.close();
  }
}

/** Of whoever builds; beside it only we write, so that no link of theirs can lead us elsewhere. */
async function makeFolder(folder: string, uid: number | undefined) {
  const work = join(folder, 'work');
  await mkdir(work, { mode: 0o700 });
  if (uid !== undefined) {
    await chmod(folder, 0o711);
    await chown(work, uid, uid);
  }
  const files = ['root', 'runroot', 'digest', 'layout', 'sbom'].map((name) => [name, join(work, name)]);
  return { work, ...(Object.fromEntries(files) as Omit<BuildFolder, 'work' | 'authfile'>) };
}

/** As `docker login` writes it; readable by who builds, and by nobody else. */
async function writeAuthfile(
  folder: string,
  uid: number | undefined,
  registry: string,
  { username, password }: Credentials,
): Promise<string> {
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  const path = join(folder, 'auth.json');
  await writeFile(path, JSON.stringify({ auths: { [registry]: { auth } } }), { mode: 0o600, flag: 'wx' });
  if (uid !== undefined) await chown(path, uid, uid);
  return path;
}

function toCredentials(
  uses: StepRun['step']['secrets'] = [],
  values: readonly string[],
  { username }: ImageSettings,
): Credentials | undefined {
  const toValue = (wanted: string) => values[uses.findIndex(({ variable }) => variable === wanted)];
  const password = toValue('password');
  const name = username ?? toValue('username');
  if (password === undefined && name === undefined) return undefined;
  if (password === undefined || name === undefined)
    throw new ImageError('a registry takes both: username, and password: { from_secret: … }');
  return { username: name, password };
}

async function toBuild(tree: string, settings: ImageSettings, mayPush: boolean): Promise<Build> {
  const { repo, tags, dockerfile, context, target, platforms, buildArgs, cache } = settings;
  checkTags(tags);
  const wrong = platforms.find((each) => !/^[a-z0-9]+(?:\/[a-z0-9]+){1,2}$/.test(each));
  if (wrong !== undefined)
    throw new ImageError(`${JSON.stringify(wrong)} is no platform; expected one such as linux/arm64`);
  return {
    image: parseImageName(repo),
    tags,
    dockerfile: await findInside(tree, dockerfile, 'file'),
    context: await findInside(tree, context, 'folder'),
    target,
    platforms,
    buildArgs,
    cache: !cache ? 'off' : mayPush ? 'write' : 'read',
  };
}

async function findInside(tree: string, path: string, wanted: 'file' | 'folder'): Promise<string> {
  const top = await realpath(tree);
  const found = await realpath(join(tree, path)).catch(() => undefined);
  const is = found === undefined ? undefined : await stat(found);
  const isRight = wanted === 'file' ? is?.isFile() : is?.isDirectory();
  if (found !== undefined && isRight === true && (found === top || found.startsWith(top + sep))) return found;
  throw new ImageError(`there is no ${wanted} ${JSON.stringify(path)} in the workspace`);
}

/** Only then the build is told who we are: what it runs could look for it. */
async function namesRegistry(
  tree: string,
  { dockerfile, buildArgs }: ImageSettings,
  { image }: Build,
  uid: number | undefined,
): Promise<boolean> {
  const text = await readFile(tree, dockerfile, mostFile, uid);
  return [text?.toString() ?? '', ...Object.values(buildArgs)].some((each) => each.includes(image.registry));
}

async function readFile(
  folder: string,
  name: string,
  most: number,
  uid: number | undefined,
): Promise<Buffer | undefined> {
  const opened = await openTreeFile(folder, name, uid);
  if (opened === undefined) return undefined;
  try {
    if (opened.size > most) throw new ImageError(`${name} has more than ${most} bytes`);
    return await opened.file.readFile();
  } finally {
    await opened.file.close();
  }
}

/** Nothing of ours or of the user's: no configuration, no login, no agent. Syft asks nobody for a newer one. */
function toEnvironment(path: string, work: string): Record<string, string> {
  const own = { HOME: work, TMPDIR: work, XDG_RUNTIME_DIR: work };
  return { PATH: path, ...own, LC_ALL: 'C', SYFT_CHECK_FOR_APP_UPDATE: 'false' };
}

/** Files of an image belong to ids that only its namespace knows, so they are removed from there. */
async function clean(contained: Contained, folder: string, env: Record<string, string>): Promise<void> {
  const { signal } = new AbortController();
  const rest = { cwd: '/', env, write: () => undefined, signal };
  await contained.run(['rm', '-rf', join(folder, 'work')], rest).catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
}
