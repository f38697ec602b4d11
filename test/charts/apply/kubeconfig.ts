import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const clusterSchema = z.object({
  server: z.url(),
  'certificate-authority': z.string().optional(),
  'certificate-authority-data': z.base64().optional(),
});
const userSchema = z.object({
  token: z.string().optional(),
  'client-certificate': z.string().optional(),
  'client-certificate-data': z.base64().optional(),
  'client-key': z.string().optional(),
  'client-key-data': z.base64().optional(),
});
const schema = z.object({
  'current-context': z.string(),
  contexts: z.array(
    z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: z.string() }) }),
  ),
  clusters: z.array(z.object({ name: z.string(), cluster: clusterSchema })),
  users: z.array(z.object({ name: z.string(), user: userSchema })),
});

/** Where the API server is, and as whom it is spoken to. */
export interface Access {
  readonly server: string;
  readonly ca: Buffer | undefined;
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
  readonly token: string | undefined;
}

/**
 * The current context of a kubeconfig, with a client certificate or a token as k3s and kubeadm write it.
 *
 * @throws Error for one that needs another program to sign in.
 */
export function readKubeconfig(file: string): Access {
  const config = schema.parse(parse(readFileSync(file, 'utf8')));
  const pick = <T extends { name: string }>(list: readonly T[], name: string): T => {
    const found = list.find((entry) => entry.name === name);
    if (found === undefined) throw new Error(`${file}: there is no "${name}", which it names`);
    return found;
  };
  const { context } = pick(config.contexts, config['current-context']);
  const { cluster } = pick(config.clusters, context.cluster);
  const { user } = pick(config.users, context.user);
  const toBytes = (data: string | undefined, path: string | undefined): Buffer | undefined => {
    if (data !== undefined) return Buffer.from(data, 'base64');
    return path === undefined ? undefined : readFileSync(resolve(dirname(file), path));
  };
  const access: Access = {
    server: cluster.server,
    ca: toBytes(cluster['certificate-authority-data'], cluster['certificate-authority']),
    cert: toBytes(user['client-certificate-data'], user['client-certificate']),
    key: toBytes(user['client-key-data'], user['client-key']),
    token: user.token,
  };
  if (access.token === undefined && access.cert === undefined)
    throw new Error(
      `${file}: ${context.user} has neither a token nor a client certificate; expected one of them`,
    );
  return access;
}
