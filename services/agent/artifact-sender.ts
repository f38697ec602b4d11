import { ApiError } from '../core/client/index.ts';
import type { BundleFiles, NewBundle } from '../core/job/index.ts';
import type { JobLink } from './job-link.ts';
import { untilAnswered } from './patience.ts';

/** Sends files to the api, for as long as it takes to be answered. */
export interface ArtifactSender {
  open(bundle: NewBundle, signal: AbortSignal): Promise<{ bundle: number } | Refused>;
  put(bundle: number, part: number, bytes: Uint8Array, signal: AbortSignal): Promise<Refused | undefined>;
  close(bundle: number, files: BundleFiles, signal: AbortSignal): Promise<Refused | undefined>;
}

/** Why the api keeps nothing of it, in words for the author. */
export interface Refused {
  refused: string;
}

type ArtifactLink = Pick<JobLink, 'openBundle' | 'putPart' | 'closeBundle'>;

export function createArtifactSender(link: ArtifactLink): ArtifactSender {
  const ask = async <T>(request: () => Promise<T>, signal: AbortSignal): Promise<T | Refused> => {
    try {
      return await untilAnswered(request, { signal });
    } catch (error) {
      // Too much, or nowhere to keep it. Of a job that is lost the heartbeat tells.
      if (error instanceof ApiError && (error.status === 422 || error.status === 413))
        return { refused: error.message };
      throw error;
    }
  };
  return {
    open: (bundle, signal) => ask(() => link.openBundle(bundle, signal), signal),
    put: (bundle, part, bytes, signal) => ask(() => link.putPart(bundle, part, bytes, signal), signal),
    close: (bundle, files, signal) => ask(() => link.closeBundle(bundle, files, signal), signal),
  };
}
