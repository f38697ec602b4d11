import type { Identity } from '../core/access/index.ts';

/** What a request carries from the door to its route. */
export interface ApiEnv {
  Variables: {
    identity: Identity;
    /** What a change was about, where its path does not say. */
    about?: string;
  };
}
