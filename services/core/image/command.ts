import type { Descriptor } from './attach.ts';
import { type ImageName, isLoopback } from './name.ts';

/** What is built, and from what. */
export interface Build {
  image: ImageName;
  tags: readonly string[];
  /** Paths that exist, absolute. */
  dockerfile: string;
  context: string;
  target?: string | undefined;
  /** Empty: the machine's own. */
  platforms: readonly string[];
  buildArgs: Readonly<Record<string, string>>;
  /** Read layers from the registry; `write`: and leave them there. */
  cache: 'off' | 'read' | 'write';
}

/** Files and folders of one build, all of them its own. */
export interface BuildFolder {
  /** The folder that holds the others. */
  work: string;
  root: string;
  runroot: string;
  /** Credentials for the registry; undefined: none. */
  authfile: string | undefined;
  digest: string;
  /** The image as a folder, for who looks into it. */
  layout: string;
  sbom: string;
}

/** What a build is called on its own machine. */
const local = 'localhost/build';

const toStorage = ({ root, runroot }: BuildFolder): string[] => [
  'buildah',
  '--root',
  root,
  '--runroot',
  runroot,
  // Needs nothing of the kernel. Layers are copied, and go with the job.
  '--storage-driver',
  'vfs',
];

const toAccess = ({ registry }: ImageName, authfile: string | undefined): string[] => [
  ...(authfile === undefined ? [] : ['--authfile', authfile]),
  ...(isLoopback(registry) ? ['--tls-verify=false'] : []),
];

/**
 * Without a privilege: RUN runs in a folder of its own (`chroot`), as nobody whom the machine knows.
 *
 * @param authfile only where something of the registry is read: what RUN starts could look for it
 */
export function toBuildCommand(build: Build, folder: BuildFolder, authfile: string | undefined): string[] {
  const { image, dockerfile, context, target, platforms, buildArgs, cache } = build;
  const layers = `${image.registry}/${image.name}-cache`;
  return [
    ...toStorage(folder),
    'build',
    '--isolation',
    'chroot',
    '--format',
    'oci',
    ...toAccess(image, authfile),
    '--file',
    dockerfile,
    ...(platforms.length === 0 ? ['--tag', local] : ['--manifest', local, '--platform', platforms.join(',')]),
    ...(target === undefined ? [] : ['--target', target]),
    ...Object.entries(buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    ...(cache === 'off' ? [] : ['--layers', '--cache-from', layers]),
    ...(cache === 'write' ? ['--cache-to', layers] : []),
    context,
  ];
}

/** Sends it under its first tag, and writes its digest into a file. */
export function toPushCommand({ image, tags, platforms }: Build, folder: BuildFolder): string[] {
  const { registry, name } = image;
  return [
    ...toStorage(folder),
    ...(platforms.length === 0 ? ['push'] : ['manifest', 'push', '--all']),
    '--format',
    'oci',
    '--digestfile',
    folder.digest,
    ...toAccess(image, folder.authfile),
    local,
    `docker://${registry}/${name}:${tags[0] ?? 'latest'}`,
  ];
}

/** Writes it into a folder (OCI image layout). */
export function toLayoutCommand({ platforms }: Build, folder: BuildFolder): string[] {
  return [
    ...toStorage(folder),
    ...(platforms.length === 0 ? ['push', '--quiet'] : ['manifest', 'push', '--all', '--quiet']),
    local,
    `oci:${folder.layout}`,
  ];
}

/** Makes one of its images the only one of the folder. Written by who owns the folder: it may hold links. */
export function toChooseCommand({ mediaType, digest, size }: Descriptor, { layout }: BuildFolder): string[] {
  const index = JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType, digest, size }] });
  return ['/bin/sh', '-c', 'printf %s "$1" > "$2"', 'sh', index, `${layout}/index.json`];
}

/** What it is made of, as SPDX, by its own name: else it would be called after our folder. */
export function toSbomCommand(tool: string, { image }: Build, { layout, sbom }: BuildFolder): string[] {
  const name = `${image.registry}/${image.name}`;
  return [
    tool,
    'scan',
    `oci-dir:${layout}`,
    '--source-name',
    name,
    '--quiet',
    '--output',
    `spdx-json=${sbom}`,
  ];
}
