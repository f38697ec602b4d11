const names =
  /^(?:Cargo\.lock|package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|requirements.*\.txt|pyproject\.toml|setup\.py|uv\.lock|poetry\.lock|go\.(?:sum|mod))$/;

/** Parts of a path; deeper lie copies of others' projects, more often than parts of this one. */
export const deepestLock = 3;

/** Whether a file says which packages a project has: the sign that it can use a cache. */
export function isLockFile(name: string): boolean {
  return names.test(name);
}

/** A folder in which nobody's own lock files are. */
export function isForeignFolder(name: string): boolean {
  return name.startsWith('.') || ['node_modules', 'vendor', 'target'].includes(name);
}
