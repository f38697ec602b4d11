import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { pins } from '../pins.ts';
import { labelsOf } from '../places.ts';
import type { PodProps } from './pod.ts';

export interface CarriedProgramProps {
  /** Of the program; its ConfigMap is `<name>-program`. */
  readonly name: string;
  readonly namespace: string;
  /** Paths from charts/, by which the modules import each other; no two of one name. The first is what is started. */
  readonly modules: readonly [main: string, ...others: string[]];
  /** What it is to do, which stands beside it as `plan.json`. */
  readonly plan: object;
}

/**
 * A program of ours that charts carry in a ConfigMap, so that it needs no image but Node's. It speaks to the Kubernetes
 * API with the token in the file that `KUBERNETES_TOKEN_FILE` names.
 */
export class CarriedProgram extends Construct {
  /** What a pod needs to run it, and to start anew when it differs. */
  readonly pod: Required<Pick<PodProps, 'image' | 'command' | 'env' | 'mounts' | 'restartOn'>>;

  constructor(scope: Construct, id: string, { name, namespace, modules, plan }: CarriedProgramProps) {
    super(scope, id);
    const [main] = modules;
    const paths = Object.fromEntries(
      [...modules, join(dirname(main), 'plan.json')].map((path) => [basename(path), path]),
    );
    const data = {
      ...Object.fromEntries(modules.map((path) => [basename(path), readModule(path)])),
      'plan.json': `${JSON.stringify(plan, null, 2)}\n`,
    };
    const config = `${name}-program`;
    new k8s.KubeConfigMap(this, 'files', {
      metadata: { name: config, namespace, labels: labelsOf(name) },
      data,
    });
    this.pod = {
      image: pins.node,
      command: ['node', `/program/${main}`],
      env: [
        { name: 'NODE_EXTRA_CA_CERTS', value: '/run/kubernetes/ca.crt' },
        { name: 'KUBERNETES_TOKEN_FILE', value: '/run/kubernetes/token' },
      ],
      mounts: [
        { name: 'program', path: '/program', from: { config, paths } },
        { name: 'kubernetes', path: '/run/kubernetes', from: { kubernetes: true } },
      ],
      restartOn: JSON.stringify(data),
    };
  }
}

const charts = join(import.meta.dirname, '..');
const read = new Map<string, string>();

/** Once for all clusters. */
function readModule(path: string): string {
  const text = read.get(path) ?? readFileSync(join(charts, path), 'utf8');
  read.set(path, text);
  return text;
}
