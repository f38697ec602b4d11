export interface SecretReference {
  readonly namespace: string;
  readonly name: string;
}

/** The little of the Kubernetes API that making Secrets needs. Values are text; base64 is between here and there. */
export interface SecretsApi {
  read(reference: SecretReference): Promise<{ version: string; data: Record<string, string> } | undefined>;
  /** @returns false where it exists already. */
  create(reference: SecretReference, data: Readonly<Record<string, string>>): Promise<boolean>;
  /** Adds or replaces keys. @returns false where the Secret is no longer at this version. */
  add(reference: SecretReference, version: string, data: Readonly<Record<string, string>>): Promise<boolean>;
}

const timeoutMs = 10_000;

/** Where a pod finds it: `https://10.43.0.1:443`. */
export function toKubernetesUrl(env: Readonly<Record<string, string | undefined>>): string {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = env;
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** @param url such as `https://10.43.0.1:443`; @param token of a ServiceAccount. */
export function openSecretsApi(url: string, token: string): SecretsApi {
  const ask = async (method: string, path: string, body?: object, contentType = 'application/json') => {
    const response = await fetch(new URL(path, url), {
      method,
      headers: { authorization: `Bearer ${token}`, accept: 'application/json', 'content-type': contentType },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    return { status: response.status, text };
  };
  const unexpected = (what: string, status: number): Error =>
    // Never the answer's text: it may repeat what was sent.
    new Error(`${what}: the Kubernetes API answered ${status}; expected its Role in dist/ to allow it`);

  return {
    async read({ namespace, name }) {
      const { status, text } = await ask('GET', `/api/v1/namespaces/${namespace}/secrets/${name}`);
      if (status === 404) return undefined;
      if (status !== 200) throw unexpected(`reading ${namespace}/${name}`, status);
      const { metadata, data } = JSON.parse(text) as SecretObject;
      return { version: metadata.resourceVersion, data: fromBase64(data ?? {}) };
    },
    async create({ namespace, name }, data) {
      const { status } = await ask('POST', `/api/v1/namespaces/${namespace}/secrets`, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name, labels: { 'app.kubernetes.io/part-of': 'bellows' } },
        type: 'Opaque',
        data: toBase64(data),
      });
      if (status === 409) return false;
      if (status !== 201) throw unexpected(`creating ${namespace}/${name}`, status);
      return true;
    },
    async add({ namespace, name }, version, data) {
      const { status } = await ask(
        'PATCH',
        `/api/v1/namespaces/${namespace}/secrets/${name}`,
        { metadata: { resourceVersion: version }, data: toBase64(data) },
        'application/merge-patch+json',
      );
      if (status === 409) return false;
      if (status !== 200) throw unexpected(`adding to ${namespace}/${name}`, status);
      return true;
    },
  };
}

interface SecretObject {
  metadata: { resourceVersion: string };
  data?: Record<string, string>;
}

function toBase64(data: Readonly<Record<string, string>>): Record<string, string> {
  return mapValues(data, (value) => Buffer.from(value).toString('base64'));
}

function fromBase64(data: Readonly<Record<string, string>>): Record<string, string> {
  return mapValues(data, (value) => Buffer.from(value, 'base64').toString());
}

function mapValues(
  data: Readonly<Record<string, string>>,
  to: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, to(value)]));
}
