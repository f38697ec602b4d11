import { join } from 'node:path';
import type { Platform } from '../../../charts/platform.ts';
import { readPlatform } from '../../../charts/platform-file.ts';

/** The platform of this repository with so many clusters, each of its own domain. */
export function platformOf(clusters: number): Platform {
  const { clusters: known, ...rest } = readPlatform(
    join(import.meta.dirname, '..', '..', '..', 'platform.yaml'),
  );
  const [first] = Object.values(known);
  if (first === undefined) throw new Error('platform.yaml has no cluster');
  const names = Array.from({ length: clusters }, (_, index) => `home-${index}`);
  return {
    ...rest,
    clusters: Object.fromEntries(names.map((name) => [name, { ...first, domain: `${name}.arpa` }])),
  };
}
