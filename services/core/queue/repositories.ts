import type { Repository } from '../job/index.ts';

/** The registered repositories (`repositories` HASH) and their own hooks (`hooks` HASH). */
export interface Repositories {
  put(repository: Repository): Promise<void>;
  get(id: string): Promise<Repository | undefined>;
  list(): Promise<Repository[]>;
  remove(id: string): Promise<boolean>;
  /**
   * Gives a repository a hook of its own (`/webhooks/<forge>/<hook>`), or renews its secret: the one
   * before stays good until the next renewal, so that a secret can be rotated without losing an event.
   */
  setHookSecret(id: string, secret: string): Promise<{ hook: string }>;
  hook(hook: string): Promise<{ repository: string; secrets: string[] } | undefined>;
}
