/** Names that a pipeline file may have, the first that is there wins. */
const single = '.bellows.yaml';
const folder = '.woodpecker/';
const fallbacks = ['.woodpecker.yaml', '.woodpecker.yml'];

/** Where somebody who has none is told to write one. */
export const defaultPipelineFile = single;

/** The folder that has to be listed too. */
export const pipelineFolder = folder;

/**
 * The pipeline files among a tree's paths, in the order of their names; each is one workflow.
 *
 * @param paths relative to the tree's top: its own files, and those of `.woodpecker/`.
 */
export function findPipelineFiles(paths: readonly string[]): string[] {
  if (paths.includes(single)) return [single];
  const inFolder = paths.filter(
    (path) => path.startsWith(folder) && /^[^/]+\.ya?ml$/.test(path.slice(folder.length)),
  );
  if (inFolder.length > 0) return inFolder.sort();
  return fallbacks.filter((path) => paths.includes(path)).slice(0, 1);
}

/** `.woodpecker/build.yaml` is the workflow `build`, `.woodpecker.yml` is `woodpecker`. */
export function toWorkflowName(path: string): string {
  const [name = ''] = path.split('/').slice(-1);
  return name.replace(/^\./, '').replace(/\.ya?ml$/, '');
}
