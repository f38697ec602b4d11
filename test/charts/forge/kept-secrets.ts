import type { SecretsApi } from '../../../charts/secrets/program/kubernetes.ts';

/** The Secrets of a cluster, in memory, as the Kubernetes API keeps them: each change is a new version. */
export function keptSecrets() {
  const stored = new Map<string, { version: number; data: Readonly<Record<string, string>> }>();
  const api: SecretsApi = {
    read: async ({ name }) => {
      const found = stored.get(name);
      return found && { version: String(found.version), data: { ...found.data } };
    },
    create: async ({ name }, data) => {
      if (stored.has(name)) return false;
      stored.set(name, { version: 1, data });
      return true;
    },
    add: async ({ name }, version, data) => {
      const found = stored.get(name);
      if (found === undefined || String(found.version) !== version) return false;
      stored.set(name, { version: found.version + 1, data: { ...found.data, ...data } });
      return true;
    },
  };
  return { api, stored, written: (name: string) => stored.get(name)?.data ?? {} };
}
