import type { Unit } from './constructs/unit.ts';
import { linkTree, recoverTree, writeTree } from './constructs/write.ts';
import type { Cluster } from './platform.ts';
import { PlatformError, readPlatform } from './platform-file.ts';
import { renderPlatform } from './units.ts';

/**
 * Renders platform.yaml of this folder into dist/, as `cdk8s synth` wants it. What is wrong with the file is said with
 * its place, and dist/ stays as it was.
 *
 * @param units what a cluster consists of: `toUnits`, or that and units of your own
 * @returns the exit code
 */
export function synth(units: (cluster: Cluster) => Unit[], stderr: { write(text: string): unknown }): number {
  try {
    // Also where nothing can be rendered: what was there is there again.
    recoverTree('dist');
    writeTree('dist', renderPlatform(readPlatform('platform.yaml'), units));
    linkTree('.synth', 'dist');
    return 0;
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    stderr.write(`${error.message}\n`);
    return 1;
  }
}
