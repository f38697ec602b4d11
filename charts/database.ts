import type { k8s } from 'cdk8s-plus-28';
import type { Mount } from './constructs/pod.ts';
import { databaseKey, hostOf, postgres, secrets, serverKeys } from './places.ts';
import type { Cluster } from './platform.ts';

/** Gitea's PostgreSQL, as whoever connects to it has to know it. */
export interface Database {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly user: string;
  readonly tls: 'disable' | 'require' | 'verify-ca' | 'verify-full';
  readonly passwordFile: string;
  /** Whom the server has to prove itself by. Undefined: it need not. */
  readonly authorityFile: string | undefined;
  /** The files above. */
  readonly mount: Mount;
  /** Where it is: a chart of ours, a Service of this cluster that others run, or elsewhere. */
  readonly at: 'ours' | { readonly name: string; readonly namespace: string } | 'elsewhere';
}

const folder = '/run/secrets/database';

/** @returns undefined where Gitea keeps everything in a file (SQLite). */
export function toDatabase({ gitea: { database, postgres: settings } }: Cluster): Database | undefined {
  if (database === 'sqlite') return undefined;
  const { server } = settings;
  const mounted = (secret: string, keys: readonly string[]) => ({
    passwordFile: `${folder}/${keys[0]}`,
    mount: { name: 'database', path: folder, from: { secret, keys } },
  });
  if (server === undefined)
    return {
      host: hostOf(postgres),
      port: postgres.port,
      name: 'gitea',
      user: 'gitea',
      // It does not leave the cluster's network, and only Gitea may reach it.
      tls: 'disable',
      authorityFile: undefined,
      ...mounted(secrets.platform.name, [databaseKey]),
      at: 'ours',
    };
  const { host, port, name, user, tls } = server;
  const [, service, namespace] = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.cluster\.local)?$/.exec(host) ?? [];
  const keys = toServerKeys(server);
  return {
    ...{ host, port, name, user, tls },
    authorityFile: keys.length > 1 ? `${folder}/${serverKeys.authority}` : undefined,
    ...mounted(server.credentials, keys),
    at: service === undefined || namespace === undefined ? 'elsewhere' : { name: service, namespace },
  };
}

/** Of the Secret of a server that is not ours. */
export function toServerKeys({ tls }: Pick<Database, 'tls'>): string[] {
  const { password, authority } = serverKeys;
  return tls === 'verify-ca' || tls === 'verify-full' ? [password, authority] : [password];
}

/** As PostgreSQL's own programs read it (libpq, "Environment Variables"). */
export function toPostgresEnv({ host, port, name, user, tls, authorityFile }: Database): k8s.EnvVar[] {
  return [
    { name: 'PGDATABASE', value: name },
    { name: 'PGHOST', value: host },
    { name: 'PGPORT', value: String(port) },
    { name: 'PGSSLMODE', value: tls },
    ...toAuthorityEnv({ authorityFile }),
    { name: 'PGUSER', value: user },
  ];
}

/** Gitea's driver reads this one of them, too (lib/pq). */
export function toAuthorityEnv({ authorityFile }: Pick<Database, 'authorityFile'>): k8s.EnvVar[] {
  return authorityFile === undefined ? [] : [{ name: 'PGSSLROOTCERT', value: authorityFile }];
}
