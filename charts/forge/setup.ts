import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { toHookWords } from '../../services/core/forge/hook-events.ts';
import { Brought } from '../constructs/brought.ts';
import { CarriedProgram } from '../constructs/carried-program.ts';
import { podTemplate } from '../constructs/pod.ts';
import { ReplacedJob } from '../constructs/replaced-job.ts';
import { SecretMaker } from '../constructs/secret-maker.ts';
import { claimOf } from '../constructs/stateful.ts';
import { addressOf, api, fluxReceiver, gitea, giteaSecrets, hostOf, namespaces, secrets } from '../places.ts';
import type { Cluster } from '../platform.ts';
import type { PlatformKey } from '../secrets/program/generate.ts';
import { toMirrorName } from '../settings/gitea.ts';
import { giteaProgram, giteaUser } from './gitea.ts';
import type { Plan } from './program/setup.ts';

const name = 'gitea-setup';
const namespace = namespaces.ci;
const administrator = 'bellows';
const webhookKey: PlatformKey = 'webhook-gitea';
const receiverKey: PlatformKey = 'flux-receiver-token';

/**
 * A Job that makes in Gitea what Bellows needs there: an administrator, an account for the api, the webhook, the client
 * that people sign in with. Whatever Gitea tells it goes into Secrets of this cluster, and nowhere else. It may run again
 * at any time; deleted, Flux starts it anew.
 */
export class GiteaSetup extends Chart {
  constructor(scope: Construct, cluster: Cluster) {
    super(scope, 'setup', { disableResourceNameHashes: true });
    const { signIn, ...others } = giteaSecrets;
    const isProvider = cluster.signIn !== undefined && cluster.signIn.issuer === undefined;
    const made = [...Object.values(others), ...(isProvider ? [signIn] : [])];
    const tellsFlux = cluster.flux.receiver === 'gitea';
    const program = new CarriedProgram(this, 'program', {
      name,
      namespace,
      modules: [
        'forge/program/main.ts',
        'forge/program/setup.ts',
        'forge/program/gitea.ts',
        'secrets/program/kubernetes.ts',
      ],
      plan: toPlan(cluster),
    });
    new SecretMaker(this, 'account', { name, namespace, secrets: made });
    new Brought(this, 'secrets', { by: `the Job ${name}`, secrets: made });
    const { image, env, mounts } = giteaProgram(cluster, { volume: claimOf(gitea.name) });
    new ReplacedJob(this, 'job', {
      name,
      namespace,
      template: podTemplate({
        ...program.pod,
        name,
        first: [
          {
            name: 'administrator',
            image,
            env: env ?? [],
            // Of the image's start, which writes app.ini.
            args: ['sh', '-c', makeToken],
            mounts: [...mounts, { name: 'run', path: '/run/setup', from: { scratch: '1Mi', memory: true } }],
            cpu: { request: 0.1 },
            memory: '256Mi',
          },
        ],
        env: [
          ...program.pod.env,
          { name: 'GITEA_TOKEN_FILE', value: '/run/setup/token' },
          { name: 'WEBHOOK_SECRET_FILE', value: `/run/secrets/bellows/${webhookKey}` },
          ...(tellsFlux
            ? [{ name: 'RECEIVER_TOKEN_FILE', value: `/run/secrets/bellows/${receiverKey}` }]
            : []),
        ],
        mounts: [
          ...program.pod.mounts,
          { name: 'run', path: '/run/setup', from: { scratch: '1Mi', memory: true } },
          {
            name: 'webhook',
            path: '/run/secrets/bellows',
            from: {
              secret: secrets.platform.name,
              keys: [webhookKey, ...(tellsFlux ? [receiverKey] : [])],
            },
          },
        ],
        user: giteaUser,
        cpu: { request: 0.1 },
        memory: '128Mi',
        serviceAccount: name,
        restartPolicy: 'Never',
        nodeOf: gitea.name,
      }),
    });
  }
}

/**
 * Gitea's first administrator can be made by its own command only, on its own database. No password and no token is an
 * argument of it: the password is one that nobody is told, the token is for this run and goes with it.
 */
const makeToken = `set -eu
umask 077
until curl -fsS -m 5 http://${addressOf(gitea)}/api/healthz >/dev/null; do sleep 2; done
gitea admin user list --admin | awk '{print $2}' | grep -qx ${administrator} ||
  gitea admin user create --admin --username ${administrator} --email ${administrator}@noreply.invalid \\
    --random-password --random-password-length 40 --must-change-password=false >/dev/null
gitea admin user generate-access-token --username ${administrator} \\
  --token-name "setup-$(cat /proc/sys/kernel/random/uuid)" --scopes all --raw >/run/setup/token
`;

function toPlan(cluster: Cluster): Plan {
  const { keys: _, ...secret } = giteaSecrets.administrator;
  const isProvider = cluster.signIn !== undefined && cluster.signIn.issuer === undefined;
  return {
    origin: `http://${addressOf(gitea)}`,
    administrator: { name: administrator, secret },
    bot: { name: 'bellows-bot', secret: { namespace, name: giteaSecrets.bot.name } },
    webhook: {
      host: hostOf(api),
      port: api.port,
      path: '/webhooks/gitea',
      events: toHookWords('gitea'),
    },
    ...(cluster.flux.receiver === 'gitea'
      ? {
          receiver: {
            host: hostOf(fluxReceiver),
            name: fluxReceiver.receiver,
            namespace: fluxReceiver.namespace,
          },
        }
      : {}),
    ...(isProvider
      ? {
          signIn: {
            redirect: `https://bellows.${cluster.domain}/sign-in/callback`,
            secret: { namespace, name: giteaSecrets.signIn.name },
          },
        }
      : {}),
    organizations: [
      ...new Set([...cluster.gitea.organizations, ...cluster.gitea.mirrors.map(({ owner }) => owner)]),
    ],
    mirrors: cluster.gitea.mirrors.map(({ from, owner, name, everyMinutes }) => ({
      ...{ from, owner, everyMinutes },
      name: toMirrorName({ from, name }),
    })),
  };
}
