import { hash } from 'node:crypto';

/** What was built, of what, by whom. */
export interface ProvenanceFacts {
  image: { repository: string; digest: string };
  source: { url: string; ref: string; sha: string };
  /** What the pipeline file asked for; nothing of it is secret. */
  parameters: Readonly<Record<string, unknown>>;
  job: { id: string; attempt: number; page: string };
  startedAt: Date;
  finishedAt: Date;
}

/** What the words of `parameters` mean: docs/guides/images.md. */
const buildType = 'urn:bellows:image:v1';

/**
 * An in-toto statement (v1) with SLSA provenance (v1). Who makes it is the agent that built; nobody signs it,
 * so it is worth as much as the registry's word for who may push.
 */
export function toProvenance(facts: ProvenanceFacts): object {
  const { image, source, parameters, job, startedAt, finishedAt } = facts;
  const [algorithm = 'sha256', hex = ''] = image.digest.split(':');
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: image.repository, digest: { [algorithm]: hex } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType,
        externalParameters: { source: `git+${source.url}@${source.ref}`, ...parameters },
        internalParameters: { job: job.id, attempt: job.attempt },
        resolvedDependencies: [{ uri: `git+${source.url}@${source.ref}`, digest: { gitCommit: source.sha } }],
      },
      runDetails: {
        builder: { id: new URL('/', job.page).href },
        metadata: {
          invocationId: `${job.page}#${job.attempt}`,
          startedOn: startedAt.toISOString(),
          finishedOn: finishedAt.toISOString(),
        },
      },
    },
  };
}

export function toDigest(bytes: Uint8Array): string {
  return `sha256:${hash('sha256', bytes, 'hex')}`;
}
