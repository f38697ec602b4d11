import {
  type Artifact,
  artifactLimits,
  type BundleFiles,
  bundleFilesSchema,
  type NewBundle,
} from '../../core/job/index.ts';
import type { Bundle, Bundles } from '../../core/queue/index.ts';
import type { Store } from '../../core/store/index.ts';
import { createGate } from '../gate.ts';
import { Problem } from '../problem.ts';

export interface ArtifactsDeps {
  /** Undefined where no store is set: then nothing is kept. */
  store: Store | undefined;
  bundles: Bundles;
  /** Of one attempt of a job. */
  jobBytes: number;
  repositoryBytes: number;
  keepMs: number;
}

/** Where a file's bytes stand: in the parts of one bundle. */
export interface FoundArtifact extends Artifact {
  bundle: Bundle;
  offset: number;
}

export type Artifacts = ReturnType<typeof createArtifacts>;

const { partBytes } = artifactLimits;
/** Bodies that are held in memory at once; who comes later waits. */
const partsAtOnce = 8;
const removalsAtOnce = 20;

/** What jobs keep: rows of bytes in parts of one size, and beside each an index that says which files they are. */
export function createArtifacts(deps: ArtifactsDeps) {
  const { bundles, jobBytes, repositoryBytes, keepMs } = deps;
  const gate = createGate(partsAtOnce);
  const toStore = (): Store => {
    if (deps.store !== undefined) return deps.store;
    throw new Problem(422, 'This Bellows keeps no artifacts: set BELLOWS_STORE to a folder or a bucket.');
  };

  /** The bundle that an agent is sending; one that is whole takes nothing more. */
  const findOpen = async (id: string, fence: number, n: number): Promise<Bundle> => {
    const bundle = await bundles.find(id, n);
    if (bundle === undefined || bundle.fence !== fence) throw stale();
    return bundle;
  };

  const readFiles = async (id: string, { n }: Bundle): Promise<Artifact[]> => {
    const bytes = await toStore().get(toIndexName(id, n));
    // It has just become too old.
    if (bytes === undefined) return [];
    return bundleFilesSchema.parse(JSON.parse(bytes.toString())).files;
  };

  /** By path; of several that have one, the last that was sent. */
  const find = async (id: string): Promise<Map<string, FoundArtifact>> => {
    const found = new Map<string, FoundArtifact>();
    for (const bundle of await bundles.list(id)) {
      let offset = 0;
      for (const file of await readFiles(id, bundle)) {
        found.set(file.path, { ...file, bundle, offset });
        offset += file.size;
      }
    }
    return found;
  };

  return {
    async open(id: string, fence: number, { bytes, files }: NewBundle): Promise<number> {
      toStore();
      const room = { bytes: jobBytes, files: artifactLimits.files, repositoryBytes };
      const opened = await bundles.open(id, fence, { bytes, files }, room);
      switch (opened.answer) {
        case 'done':
          return opened.n;
        case 'stale':
          throw stale();
        case 'files':
          throw new Problem(422, `A job may keep ${artifactLimits.files} files; pack them, or keep fewer.`);
        case 'bytes':
          throw new Problem(422, `A job may keep ${jobBytes} bytes (BELLOWS_ARTIFACT_JOB_MIB); keep less.`);
        case 'repository':
          throw new Problem(
            422,
            `The artifacts of this repository have ${repositoryBytes} bytes (BELLOWS_ARTIFACT_REPOSITORY_MIB); the oldest go after ${keepMs / 86_400_000} days.`,
          );
      }
    },

    /** @param read asked for the body when there is room for it */
    async put(id: string, fence: number, n: number, part: number, read: () => Promise<ArrayBuffer>) {
      const { bytes, isWhole } = await findOpen(id, fence, n);
      if (isWhole) return;
      const length = Math.min(partBytes, bytes - (part - 1) * partBytes);
      if (length <= 0) throw new Problem(422, `Bundle ${n} of ${bytes} bytes has no part ${part}.`);
      await gate(async () => {
        const body = new Uint8Array(await read());
        if (body.length !== length)
          throw new Problem(422, `Part ${part} has ${body.length} bytes; expected ${length}.`);
        await toStore().put(toPartName(id, n, part), [body]);
      });
    },

    async close(id: string, fence: number, n: number, { files }: BundleFiles): Promise<void> {
      const { bytes, isWhole } = await findOpen(id, fence, n);
      if (isWhole) return;
      const sum = files.reduce((total, { size }) => total + size, 0);
      if (sum !== bytes) throw new Problem(422, `The files have ${sum} bytes, and bundle ${n} has ${bytes}.`);
      await toStore().put(toIndexName(id, n), [Buffer.from(JSON.stringify({ files }))]);
      if ((await bundles.close(id, fence, n, keepMs)) === 'stale') throw stale();
    },

    /** Of the newest attempt, by path. */
    async list(id: string): Promise<Artifact[]> {
      const found = [...(await find(id)).values()];
      return found
        .sort((left, right) => (left.path < right.path ? -1 : 1))
        .map(({ path, size, sha256 }) => ({ path, size, sha256 }));
    },

    async find(id: string, path: string): Promise<FoundArtifact | undefined> {
      return (await find(id)).get(path);
    },

    /** Bytes of a file from `from` up to and without `until`, as the reader takes them. */
    async *read(id: string, { bundle, offset }: FoundArtifact, from: number, until: number) {
      for (let at = offset + from; at < offset + until; ) {
        const part = Math.floor(at / partBytes) + 1;
        const begin = at % partBytes;
        const length = Math.min(partBytes - begin, offset + until - at);
        const bytes = await toStore().get(toPartName(id, bundle.n, part), { from: begin, length });
        // The answer has begun: who reads it sees that it ends early.
        if (bytes?.length !== length)
          throw new Error(`artifacts of ${id}: part ${part} is not whole any more`);
        yield bytes;
        at += length;
      }
    },

    /** Drops what is too old, and removes the bytes of what was dropped. Repeating it is always right. */
    async sweep(signal?: AbortSignal): Promise<void> {
      const { store } = deps;
      if (store === undefined) return;
      await bundles.expire();
      for (const litter of await bundles.litter(removalsAtOnce)) {
        const { id, n, bytes } = litter;
        await store.remove(toIndexName(id, n));
        for (let part = 1; (part - 1) * partBytes < bytes; part += 1) {
          if (signal?.aborted === true) return;
          await store.remove(toPartName(id, n, part));
        }
        await bundles.forget(litter);
      }
    },
  };
}

const toPartName = (id: string, n: number, part: number): string => `artifacts/${id}/${n}/${part}`;
const toIndexName = (id: string, n: number): string => `artifacts/${id}/${n}/index`;

function stale(): Problem {
  return new Problem(409, 'The job has gone on without this agent, or knows no such bundle; end here.');
}
