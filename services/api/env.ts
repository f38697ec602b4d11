import type { Identity } from '../core/access/index.ts';

/** What answers a request: middleware is registered for all methods, what answers is registered for one. */
export interface MatchedRoute {
  method: string;
  /** The pattern, never the address: that may hold a code, and has no end of values. */
  path: string;
}

/** What a request carries from the door to its route. */
export interface ApiEnv {
  Variables: {
    identity: Identity;
    /** What answers it; null: nothing does. */
    route?: MatchedRoute | null;
    /** What a change was about, where its path does not say. */
    about?: string;
  };
}
