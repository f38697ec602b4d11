import { stringify } from 'yaml';
import { reserved } from '../fit.ts';
import { k3sVersion } from '../pins.ts';
import { gpuLabel } from '../places.ts';
import type { Cluster } from '../platform.ts';

/**
 * What a machine's own k3s is told, as files for /etc/rancher/k3s. They are no manifests and stand outside of what Flux
 * applies. The token that machines join with is in none of them: k3s makes it on the first server
 * (/var/lib/rancher/k3s/server/token), and a joining one takes it from K3S_TOKEN_FILE.
 *
 * @returns path below `dist/` → text
 */
export function toHostFiles(name: string, cluster: Cluster): Map<string, string> {
  const { servers } = cluster.k3s;
  const address = `k3s.${cluster.domain}`;
  const join = { server: `https://${address}:6443` };
  const machine = toMachineSettings(cluster.k3s.labels);
  const gpuMachine = toMachineSettings({ ...cluster.k3s.labels, ...gpuLabel });
  const server = { ...serverSettings(address), ...machine };
  const files: Record<string, object> = {
    // Three keep each other's state, so that any one may be lost; two would be worse than one.
    'server.yaml': servers === 1 ? server : { 'cluster-init': true, ...server },
    ...(servers === 1 ? {} : { 'further-server.yaml': { ...join, ...server } }),
    'agent.yaml': { ...join, ...machine },
    ...(Object.values(cluster.pools).every(({ gpu }) => gpu === undefined)
      ? {}
      : {
          'gpu-server.yaml': { ...(servers === 1 ? {} : { 'cluster-init': true }), ...server, ...gpuMachine },
          'gpu-agent.yaml': { ...join, ...gpuMachine },
        }),
    ...toRegistries(cluster),
  };
  return new Map(
    Object.entries(files).map(([file, content]) => [`hosts/${name}/${file}`, toText(file, content)]),
  );
}

function serverSettings(address: string) {
  return {
    'tls-san': [address],
    // Only root of that machine reads who may do everything.
    'write-kubeconfig-mode': '0600',
    'secrets-encryption': true,
  };
}

function toMachineSettings(labels: Readonly<Record<string, string>>) {
  const pairs = Object.entries(labels).map((pair) => pair.join('='));
  return { ...kubeletSettings, ...(pairs.length === 0 ? {} : { 'node-label': pairs.sort() }) };
}

const kubeletSettings = {
  'kubelet-arg': [
    // Half for the system, half for k3s: charts/fit.ts counts the same.
    `system-reserved=cpu=${reserved.cpu * 500}m,memory=512Mi`,
    `kube-reserved=cpu=${reserved.cpu * 500}m,memory=512Mi`,
    // Before the machine itself is out of memory or disk: agents go first, by their priority.
    'eviction-hard=memory.available<200Mi,nodefs.available<10%,imagefs.available<10%,nodefs.inodesFree<5%',
    'container-log-max-size=20Mi',
    'container-log-max-files=3',
    'image-gc-high-threshold=80',
    'image-gc-low-threshold=70',
  ],
};

/** Images of the cluster's own Gitea come from its public name; where others come from, the platform file says. */
function toRegistries({ domain, registry, k3s }: Cluster): Record<string, object> {
  const host = `git.${domain}`;
  const own = registry.startsWith(`${host}/`) ? { [host]: { endpoint: [`https://${host}`] } } : {};
  const others = Object.entries(k3s.mirrors).map(([name, endpoint]) => [name, { endpoint }]);
  const mirrors: object = { ...own, ...Object.fromEntries(others) };
  return Object.keys(mirrors).length === 0 ? {} : { 'registries.yaml': { mirrors } };
}

const places: Readonly<Record<string, string>> = {
  'server.yaml': 'the first server, as config.yaml',
  'further-server.yaml': 'every further server, as config.yaml',
  'agent.yaml': 'every machine that is no server, as config.yaml',
  'gpu-server.yaml': 'the first server, as config.yaml, where it has GPUs',
  'gpu-agent.yaml': 'every machine with GPUs that is no server, as config.yaml',
  'registries.yaml': 'every machine',
};

function toText(file: string, content: object): string {
  return `# k3s ${k3sVersion}: /etc/rancher/k3s of ${places[file]}.\n${stringify(content, { lineWidth: 0 })}`;
}
