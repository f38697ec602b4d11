import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

/** The platform of this repository with so many clusters: each extends the first, with a domain of its own. */
export function platformTextOf(count: number): string {
  const file = join(import.meta.dirname, '..', '..', '..', 'platform.yaml');
  const { clusters: known, ...rest }: { clusters: Record<string, object> } = parse(
    readFileSync(file, 'utf8'),
  );
  const [first] = Object.values(known);
  const clusters = Array.from({ length: count }, (_, index) => {
    const domain = `home-${index}.arpa`;
    return [`home-${index}`, index === 0 ? { ...first, domain } : { extends: 'home-0', domain }];
  });
  return stringify({ ...rest, clusters: Object.fromEntries(clusters) });
}
