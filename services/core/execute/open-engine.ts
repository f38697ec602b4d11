import type { ContainerLimits } from './container-limits.ts';
import { CannotRunError, type Engine, type EngineWork } from './engine.ts';
import { createProcessEngine, type ProcessEngineOptions } from './process-engine.ts';

export const engineKinds = ['process', 'container', 'auto', 'dummy'] as const;
export type EngineKind = (typeof engineKinds)[number];

export interface EngineOptions extends ProcessEngineOptions {
  /** Our own: by it Docker or Podman finds its daemon. */
  env: Readonly<Record<string, string | undefined>>;
  /** Of steps in containers. */
  limits?: ContainerLimits;
  /** Globs of plugins that may have secrets by a tag. @default Woodpecker's own */
  plugins?: readonly string[] | undefined;
}

/** An engine by its name. What only another needs is not loaded. */
export function openEngine(kind: EngineKind, options: EngineOptions): Engine {
  if (kind === 'process') return createProcessEngine(options);
  return createLateEngine(kind, async (work) => {
    if (kind === 'dummy') return (await import('./dummy-engine.ts')).createDummyEngine();
    // To ask who is there takes time, and a daemon that hangs even more.
    if (kind === 'auto' && !namesImages(work)) return createProcessEngine(options);
    const container = await openContainers(options);
    if (kind === 'auto') return container ?? createProcessEngine(options);
    if (container !== undefined) return container;
    throw new CannotRunError(`needs docker or podman: neither answers (looked in ${options.path})`);
  });
}

/** Chooses when it hears what there is to run. */
function createLateEngine(name: string, choose: (work: EngineWork) => Promise<Engine>): Engine {
  let chosen: Engine | undefined;
  const get = () => {
    if (chosen === undefined) throw new TypeError('an engine is prepared before it runs');
    return chosen;
  };
  return {
    get name() {
      return chosen?.name ?? name;
    },
    prepare: async (work, signal) => {
      chosen = await choose(work);
      await chosen.prepare(work, signal);
    },
    run: (run) => get().run(run),
    answers: (service, port) => get().answers(service, port),
    close: async () => chosen?.close(),
  };
}

async function openContainers({ path, env, ...options }: EngineOptions): Promise<Engine | undefined> {
  const [{ findContainerCommand }, { createContainerEngine }] = await Promise.all([
    import('./container-command.ts'),
    import('./container-engine.ts'),
  ]);
  const command = await findContainerCommand(path, { ...env, PATH: path });
  if (command === undefined) return undefined;
  return createContainerEngine({ ...options, command, env: { ...env, PATH: path } });
}

function namesImages({ services, steps }: EngineWork): boolean {
  return [...services, ...steps].every(({ image }) => image !== undefined);
}
