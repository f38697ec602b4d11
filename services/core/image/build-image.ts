import { attach } from './attach.ts';
import {
  type Build,
  type BuildFolder,
  toBuildCommand,
  toLayoutCommand,
  toPushCommand,
  toSbomCommand,
} from './command.ts';
import { ImageError } from './name.ts';
import { type ProvenanceFacts, toProvenance } from './provenance.ts';
import { type Credentials, createRegistry } from './registry.ts';

export interface BuildImageOptions {
  build: Build;
  folder: BuildFolder;
  /** Whether what is built of comes from the same registry. */
  needsLogin: boolean;
  /** Undefined: it is built, and sent nowhere. */
  push:
    | {
        credentials: Credentials | undefined;
        facts: Omit<ProvenanceFacts, 'image' | 'startedAt' | 'finishedAt'>;
      }
    | undefined;
  /** Runs a tool to its end. @returns its exit code */
  run(command: readonly string[]): Promise<number>;
  /** What the tool has written into the file of the digest. */
  readDigest(): Promise<string>;
  /** What finds out what an image is made of (syft). Undefined: there is none, which is said. */
  sbomTool: string | undefined;
  readSbom(): Promise<Uint8Array | undefined>;
  say(line: string): void | Promise<void>;
  signal: AbortSignal;
}

/** Builds, sends by digest, tags, and says beside the image what it is made of and by whom. @throws ImageError */
export async function buildImage(options: BuildImageOptions): Promise<void> {
  const { build, folder, needsLogin, push, run, readDigest, say, signal } = options;
  const startedAt = new Date();
  const authfile = needsLogin || build.cache !== 'off' ? folder.authfile : undefined;
  await expectDone(run(toBuildCommand(build, folder, authfile)), 'the build');
  if (push === undefined) return say('Built, and not pushed.');
  const finishedAt = new Date();
  await expectDone(run(toPushCommand(build, folder)), 'the push');
  const digest = (await readDigest()).trim();
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw new ImageError('the push has told no digest');

  const registry = createRegistry(build.image, push.credentials, signal);
  const image = await registry.readManifest(digest);
  if (image === undefined)
    throw new ImageError(`${build.image.registry} does not have ${digest}, which was pushed`);
  const [, ...others] = build.tags;
  for (const tag of others) await registry.writeManifest(tag, image);
  const repository = `${build.image.registry}/${build.image.name}`;
  for (const tag of build.tags) await say(`Pushed: ${repository}:${tag}@${digest}`);

  const facts = { ...push.facts, image: { repository, digest }, startedAt, finishedAt };
  const provenance = Buffer.from(JSON.stringify(toProvenance(facts)));
  const statement = {
    mediaType: 'application/vnd.in-toto+json',
    title: 'provenance.json',
    bytes: provenance,
  };
  await say(`Attached: provenance ${await attach(registry, image, statement)}`);
  const sbom = await makeSbom(options);
  if (typeof sbom === 'string') return say(`No SBOM: ${sbom}.`);
  const spdx = { mediaType: 'application/spdx+json', title: 'sbom.spdx.json', bytes: sbom };
  await say(`Attached: SBOM ${await attach(registry, image, spdx)}`);
}

/** The SBOM, or why there is none: an image is as good without. */
async function makeSbom({
  build,
  folder,
  sbomTool,
  run,
  readSbom,
}: BuildImageOptions): Promise<Uint8Array | string> {
  if (sbomTool === undefined) return 'there is no syft on this agent';
  if ((await run(toLayoutCommand(build, folder))) !== 0) return 'the image cannot be written out';
  const exitCode = await run(toSbomCommand(sbomTool, build, folder));
  if (exitCode !== 0) return `syft ended with exit code ${exitCode}`;
  return (await readSbom()) ?? 'syft has written none';
}

async function expectDone(running: Promise<number>, what: string): Promise<void> {
  const exitCode = await running;
  if (exitCode !== 0) throw new ImageError(`${what} ended with exit code ${exitCode}`);
}
