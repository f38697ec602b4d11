import { ImageError } from './name.ts';
import { toDigest } from './provenance.ts';
import type { Manifest, Registry } from './registry.ts';

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';
/** `{}` (OCI image-spec 1.1, "guidance for an empty descriptor"). */
const empty = Buffer.from('{}');

/** Something that is said of an image and stands beside it. */
export interface Attachment {
  mediaType: string;
  /** For a person: `SBOM`. */
  title: string;
  bytes: Uint8Array;
}

export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  artifactType?: string;
}

/**
 * Puts it into the registry as a referrer of the image, so that whoever has the image's digest finds it. A
 * registry without the list of referrers gets it under the tag that stands in for it (distribution-spec 1.1).
 */
export async function attach(registry: Registry, image: Manifest, attachment: Attachment): Promise<string> {
  const { mediaType, title, bytes } = attachment;
  const layer = { mediaType, digest: await registry.writeBlob(bytes), size: bytes.length };
  const config = {
    mediaType: 'application/vnd.oci.empty.v1+json',
    digest: await registry.writeBlob(empty),
    size: empty.length,
  };
  const subject = { mediaType: image.mediaType, digest: image.digest, size: image.bytes.length };
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      artifactType: mediaType,
      config,
      layers: [layer],
      subject,
      annotations: { 'org.opencontainers.image.title': title },
    }),
  );
  const digest = toDigest(manifest);
  const isListed = await registry.writeManifest(digest, { bytes: manifest, mediaType: manifestType });
  const own = { mediaType: manifestType, digest, size: manifest.length, artifactType: mediaType };
  if (!isListed) await list(registry, image.digest, own);
  return digest;
}

async function list(registry: Registry, subject: string, own: Descriptor): Promise<void> {
  const tag = subject.replace(':', '-');
  const before = await registry.readManifest(tag);
  const known = before === undefined ? [] : parseIndex(before.bytes);
  const manifests = [...known.filter(({ digest }) => digest !== own.digest), own];
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }));
  await registry.writeManifest(tag, { bytes, mediaType: indexType });
}

/** @throws ImageError where it is no index, or one of digests that are none */
export function parseIndex(bytes: Buffer): Descriptor[] {
  const index: unknown = JSON.parse(bytes.toString());
  if (typeof index === 'object' && index !== null && 'manifests' in index && Array.isArray(index.manifests)) {
    const found: Descriptor[] = index.manifests;
    if (found.every(({ digest }) => /^sha256:[0-9a-f]{64}$/.test(digest))) return found;
  }
  throw new ImageError('what should list images holds something else');
}
