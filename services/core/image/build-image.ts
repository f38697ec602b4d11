import { attach, parseIndex } from './attach.ts';
import {
  type Build,
  type BuildFolder,
  toBuildCommand,
  toChooseCommand,
  toLayoutCommand,
  toPushCommand,
  toSbomCommand,
} from './command.ts';
import { ImageError } from './name.ts';
import { type ProvenanceFacts, toProvenance } from './provenance.ts';
import { type Credentials, createRegistry, type Manifest, type Registry } from './registry.ts';

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
  await attachSboms(options, registry, image);
}

/** To each platform's own image, since they differ. Without one an image is as good; why there is none is said. */
async function attachSboms(options: BuildImageOptions, registry: Registry, image: Manifest): Promise<void> {
  const { build, folder, sbomTool, run, say } = options;
  if (sbomTool === undefined) return say('No SBOM: there is no syft on this agent.');
  if ((await run(toLayoutCommand(build, folder))) !== 0)
    return say('No SBOM: the image cannot be written out.');
  if (build.platforms.length === 0) return attachSbom(options, sbomTool, registry, image);
  for (const descriptor of parseIndex(image.bytes)) {
    const one = await registry.readManifest(descriptor.digest);
    // Syft takes a folder of one image.
    if (one === undefined || (await run(toChooseCommand(descriptor, folder))) !== 0)
      await say(`No SBOM: ${descriptor.digest} cannot be written out.`);
    else await attachSbom(options, sbomTool, registry, one);
  }
}

async function attachSbom(
  { build, folder, run, readSbom, say }: BuildImageOptions,
  tool: string,
  registry: Registry,
  image: Manifest,
): Promise<void> {
  const exitCode = await run(toSbomCommand(tool, build, folder));
  if (exitCode !== 0) return say(`No SBOM: syft ended with exit code ${exitCode}.`);
  const bytes = await readSbom();
  if (bytes === undefined) return say('No SBOM: syft has written none.');
  const spdx = { mediaType: 'application/spdx+json', title: 'sbom.spdx.json', bytes };
  await say(`Attached: SBOM ${await attach(registry, image, spdx)}`);
}

async function expectDone(running: Promise<number>, what: string): Promise<void> {
  const exitCode = await running;
  if (exitCode !== 0) throw new ImageError(`${what} ended with exit code ${exitCode}`);
}
