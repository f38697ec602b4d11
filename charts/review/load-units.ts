import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Unit } from '../constructs/unit.ts';
import type { Cluster } from '../platform.ts';
import { PlatformError } from '../platform-file.ts';
import { toUnits } from '../units.ts';

/** What a platform is made of. */
export interface OwnUnits {
  readonly units: (cluster: Cluster) => Unit[];
  /** Images of its own charts, by name; each with its version. */
  readonly pins: readonly string[];
}

/**
 * What the `units.ts` of a platform's folder exports as `units` and, where it has images of its own, as `pins`; without
 * such a file, ours.
 *
 * @throws PlatformError where there is such a file and no such export
 */
export async function loadUnits(folder: string): Promise<OwnUnits> {
  const file = resolve(folder, 'units.ts');
  if (!existsSync(file)) return { units: toUnits, pins: [] };
  const { units, pins = {} } = (await import(pathToFileURL(file).href)) as { units?: unknown; pins?: object };
  if (typeof units !== 'function')
    throw new PlatformError(`${file}: expected it to export a function "units" from a cluster to its units`);
  return {
    units: units as (cluster: Cluster) => Unit[],
    pins: Object.values(pins).filter((pin) => typeof pin === 'string'),
  };
}
