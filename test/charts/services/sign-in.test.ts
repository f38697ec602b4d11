import { expect, test } from '@jest/globals';
import { App } from 'cdk8s';
import { GiteaSetup } from '../../../charts/forge/setup.ts';
import { Edges } from '../../../charts/network/edges.ts';
import { parsePlatform } from '../../../charts/platform-file.ts';
import { Api } from '../../../charts/services/api.ts';
import { apiConfigSchema } from '../../../services/api/config.ts';
import type { KubeObject } from '../objects.ts';

function toCluster(signIn = '') {
  const text = `clusters: {home: {${signIn} pools: {m: {arch: amd64, max: 1}}}}`;
  const { home } = parsePlatform(text, 'platform.yaml').clusters;
  if (home === undefined) throw new Error('no cluster');
  return home;
}
const toSignIn = (issuer: string, roles = "'admin=group:acme:owners;view=*'") =>
  `signIn: {issuer: ${issuer}, clientId: c1, roles: ${roles}},`;

function toPod(signIn?: string) {
  const objects = new Api(new App(), toCluster(signIn)).toJson() as KubeObject[];
  const { spec } = objects.find(({ kind }) => kind === 'Deployment')?.spec.template ?? {};
  const env: Record<string, string> = Object.fromEntries(
    spec.containers[0].env.map(({ name, value }: { name: string; value: string }) => [name, value]),
  );
  return { env, secrets: JSON.stringify(spec.volumes) };
}
const toEdges = (signIn: string) =>
  (new Edges(new App(), toCluster(signIn)).toJson() as KubeObject[]).map(({ metadata }) => metadata.name);

test('what the platform says of sign-in is what the api takes, and its secret is mounted', () => {
  const { env, secrets } = toPod(toSignIn('https://git.home.arpa'));
  const config = apiConfigSchema.parse(env);
  expect(config).toMatchObject({
    BELLOWS_OIDC_ISSUER: 'https://git.home.arpa',
    BELLOWS_OIDC_CLIENT_ID: 'c1',
    BELLOWS_OIDC_SCOPES: 'openid profile groups',
    BELLOWS_OIDC_NAME: 'gitea',
    BELLOWS_OIDC_ROLES: [{ role: 'admin' }, { role: 'view', who: 'everybody' }],
  });
  expect(secrets).toContain('bellows-sign-in');
});

test('our own Gitea needs nothing but who may do what: its setup makes the client, and the Secret that the api reads', () => {
  const own = 'signIn: {roles: "view=*"},';
  const { env, secrets } = toPod(own);
  expect(env.BELLOWS_OIDC_ISSUER).toBe('https://git.home.arpa');
  expect(JSON.stringify(new Api(new App(), toCluster(own)).toJson())).toContain(
    '"secretKeyRef":{"key":"oidc-client-id","name":"bellows-sign-in"}',
  );
  expect(secrets).toContain('bellows-sign-in');
  expect(toEdges(own)).toContain('api-to-sign-in-out');
  const plan = (signIn: string) =>
    JSON.stringify(new GiteaSetup(new App(), toCluster(signIn)).toJson()).includes('sign-in/callback');
  expect([plan(own), plan(''), plan(toSignIn('https://id.example.org'))]).toEqual([true, false, false]);
});

test('an issuer without a client, or a client without an issuer, is refused', () => {
  for (const half of ['issuer: "https://id.example.org"', 'clientId: x'])
    expect(() => toCluster(`signIn: {${half}, roles: "view=*"},`)).toThrow(
      'expected both an issuer and a clientId, or neither',
    );
});

test('without it nobody signs in, and no secret of it is asked for', () => {
  const { env, secrets } = toPod();
  expect(Object.keys(env).filter((name) => name.includes('OIDC'))).toEqual([]);
  expect(secrets).not.toContain('bellows-sign-in');
});

test('a way to the ingress controller is open where the provider is behind it, and only there', () => {
  expect(toEdges(toSignIn('https://git.home.arpa'))).toContain('api-to-sign-in-out');
  for (const other of [
    toSignIn('https://accounts.example.org'),
    toSignIn('https://home.arpa.example.org'),
    '',
  ])
    expect(toEdges(other).join()).not.toContain('sign-in');
});

test('a provider in the clear is refused', () => {
  expect(() => toCluster(toSignIn('http://git.home.arpa'))).toThrow('https://git.home.arpa');
});
