import { helmPins } from '../../pins.ts';
import type { KubeObject } from '../objects.ts';
import type { Rule } from '../rule.ts';
import { containersOf, type World } from '../world.ts';

/** registry/path:tag@digest; a port looks like a tag, but is followed by a path. */
const form = /^(?<name>[^@]+?)(?::(?<tag>[\w][\w.-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$/;

export const imagePinned: Rule = {
  name: 'image-pinned',
  says: 'Every image and Helm chart is of a version that charts/pins.ts names, and never "latest".',
  why: 'The same commit would be another program tomorrow.',
  *check(world) {
    for (const { item, image, at } of imagesOf(world)) {
      const { tag, digest } = form.exec(image)?.groups ?? {};
      if (digest === undefined && (tag === undefined || tag === 'latest'))
        yield {
          item,
          at,
          message: `is ${JSON.stringify(image)}, of no version`,
          mend: 'name a version in charts/pins.ts and use that',
        };
      else if (!world.pins.has(image) && !world.pins.has(withoutDigest(image)) && !isOwn(image))
        yield {
          item,
          at,
          message: `is ${JSON.stringify(image)}, which charts/pins.ts does not name`,
          mend: 'name it there and use that',
        };
    }
    const versions = new Set<string>(Object.values(helmPins).map(({ version }) => version));
    for (const item of world.ofKind<HelmRelease>('HelmRelease')) {
      const { chart } = item.object.spec;
      const version = chart?.spec.version ?? '*';
      if (chart !== undefined && !versions.has(version))
        yield {
          item,
          at: 'spec.chart.spec.version',
          message: `is ${JSON.stringify(version)}, which charts/pins.ts does not name`,
          mend: 'name it there and use that',
        };
    }
    for (const item of world.ofKind<OciRepository>('OCIRepository')) {
      const { tag = '', digest } = item.object.spec.ref ?? {};
      if (digest === undefined && !versions.has(tag))
        yield {
          item,
          at: 'spec.ref',
          message: `is ${JSON.stringify(item.object.spec.ref ?? {})}, of no version that charts/pins.ts names`,
          mend: 'name a tag or a digest there and use that',
        };
    }
  },
};

interface OciRepository extends KubeObject {
  readonly spec: { readonly ref?: { readonly tag?: string; readonly digest?: string } };
}

interface HelmRelease extends KubeObject {
  readonly spec: { readonly chart?: { readonly spec: { readonly version?: string } } };
}

export const imageDigest: Rule = {
  name: 'image-digest',
  says: 'Every image of others is pinned by its digest.',
  why: 'A tag can be moved to another image; a digest cannot.',
  // Digests are asked of registries, which a synth never does: a rule from the first `bellows pins` on.
  advice: ({ hasDigests }) => !hasDigests,
  *check(world) {
    const said = new Set<string>();
    for (const { item, image, at } of imagesOf(world)) {
      if (image.includes('@sha256:') || isOwn(image) || said.has(image)) continue;
      said.add(image);
      yield {
        item,
        at,
        message: `is ${JSON.stringify(image)}, by its tag only`,
        mend: 'run bellows pins, which asks its registry, or write it into pins.json yourself',
      };
    }
  },
};

function* imagesOf({ pods }: World) {
  for (const pod of pods)
    for (const { container, at } of containersOf(pod))
      yield { item: pod.item, image: container.image ?? '', at: `${at}.image` };
}

function withoutDigest(image: string): string {
  return image.replace(/@sha256:[0-9a-f]{64}$/, '');
}

/** What this repository makes has the version of its package. */
function isOwn(image: string): boolean {
  return /\/(?:api|agent):\d+\.\d+\.\d+$/.test(image);
}
