import { connect, createServer, type Socket } from 'node:net';
import { createFrameCounter } from './frames.ts';

/** Where a line leads: a port of loopback, or the path of a socket. */
export type Target = number | string;
/**
 * `before request`: it has left its sender and reached nobody. `before reply`: it was done, and whoever asked
 * does not know. `after reply`: both know.
 */
export type Moment = 'before request' | 'before reply' | 'after reply';

export interface Trap {
  /** Text that the request holds. */
  request: string;
  moment: Moment;
  /** What happens then; the line is reset after it, but for `after reply`. */
  act(): void;
}

export interface SetTrap {
  /** True once it has sprung. */
  readonly sprung: boolean;
  /** Resolves when it springs, or is taken away. */
  untilOver: Promise<void>;
  remove(): void;
}

/** A TCP line through this process, so that what passes can be seen, held up, lost and cut. */
export interface Link {
  port: number;
  /** Bytes of this direction vanish, and nobody is told. */
  lose: { requests: boolean; replies: boolean };
  delayMs: number;
  set(trap: Trap): SetTrap;
  /** Each open line ends with a TCP reset; new ones are as before. Returns how many there were. */
  reset(): number;
  /** Each open line is dead, and neither end is told; new ones are as before. */
  freeze(): number;
  /** Passes everything on again. A frozen line stays as it is until one end has given up. */
  heal(): void;
  close(): Promise<void>;
}

interface Entry {
  trap: Trap;
  spring(): void;
}

interface Line {
  near: Socket;
  far: Socket;
  frozen: boolean;
}

/** Writes what it is given after a while, in the order in which it came, also where the while becomes shorter. */
function createPipe(socket: Socket, delayMs: () => number): (part: Buffer) => void {
  const waiting: { part: Buffer; at: number }[] = [];
  const flush = () => {
    for (;;) {
      const [first] = waiting;
      if (first === undefined) return;
      const left = first.at - performance.now();
      if (left > 0) return void setTimeout(flush, left);
      waiting.shift();
      socket.write(first.part);
    }
  };
  return (part) => {
    const ms = delayMs();
    if (waiting.length === 0 && ms === 0) return void socket.write(part);
    waiting.push({ part, at: performance.now() + ms });
    if (waiting.length === 1) flush();
  };
}

/** Redis says no before it does anything: it has forgotten the script, cannot write now, or is not ready yet. */
function isRefusal(part: Buffer): boolean {
  return /(?:^|\r\n)-(?:NOSCRIPT|READONLY|LOADING|OOM|MASTERDOWN) /.test(part.toString('latin1'));
}

/** @param protocol how the reply to a request is found: HTTP's is the next, Redis' are counted */
export async function openLink(target: () => Target | undefined, protocol: 'http' | 'redis'): Promise<Link> {
  const lines = new Set<Line>();
  const traps = new Set<Entry>();
  const link = { lose: { requests: false, replies: false }, delayMs: 0 };

  const take = (near: Socket) => {
    const to = target();
    if (to === undefined) return void near.resetAndDestroy();
    const far = typeof to === 'number' ? connect(to, '127.0.0.1') : connect(to);
    const line: Line = { near, far, frozen: false };
    lines.add(line);
    near.setNoDelay(true);
    if (typeof to === 'number') far.setNoDelay(true);
    const requests = protocol === 'redis' ? createFrameCounter() : () => 1;
    const replies = protocol === 'redis' ? createFrameCounter() : () => 1;
    let asked = 0;
    let answered = 0;
    /** Set while the reply with this number is awaited. */
    let caught: { number: number; entry: Entry } | undefined;
    /** Replies that came while the one that springs a trap before it was awaited. */
    const held: Buffer[] = [];

    const toFar = createPipe(far, () => link.delayMs);
    const toNear = createPipe(near, () => link.delayMs);
    const end = () => {
      // Nobody answered it: the trap waits for the next.
      if (caught !== undefined) traps.add(caught.entry);
      caught = undefined;
      // The other end is not to know.
      if (line.frozen) return;
      lines.delete(line);
      near.destroy();
      far.destroy();
    };
    const cut = () => {
      lines.delete(line);
      near.resetAndDestroy();
      far.destroy();
    };

    near.on('data', (part: Buffer) => {
      if (line.frozen || link.lose.requests) return;
      asked += requests(part);
      for (const entry of traps) {
        if (caught !== undefined || !part.includes(entry.trap.request)) continue;
        traps.delete(entry);
        if (entry.trap.moment === 'before request') {
          entry.spring();
          return cut();
        }
        caught = { number: protocol === 'redis' ? asked : answered + 1, entry };
      }
      toFar(part);
    });
    far.on('data', (part: Buffer) => {
      answered += replies(part);
      if (line.frozen || link.lose.replies) return;
      if (caught !== undefined && answered >= caught.number && isRefusal(part)) {
        // Nothing was done: the request comes once more.
        traps.add(caught.entry);
        caught = undefined;
        for (const each of held.splice(0)) toNear(each);
      }
      const sprung = caught !== undefined && answered >= caught.number ? caught.entry : undefined;
      if (caught?.entry.trap.moment === 'before reply') {
        if (sprung === undefined) return void held.push(part);
        caught = undefined;
        sprung.spring();
        return cut();
      }
      toNear(part);
      if (sprung === undefined) return;
      caught = undefined;
      sprung.spring();
    });
    for (const socket of [near, far]) {
      socket.on('error', () => undefined);
      socket.on('close', end);
    }
  };

  const server = createServer(take);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const each = (act: (line: Line) => void) => {
    const all = [...lines];
    for (const line of all) act(line);
    return all.length;
  };

  return Object.assign(link, {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    set: (trap: Trap): SetTrap => {
      let sprung = false;
      let resolve: () => void = () => undefined;
      const untilOver = new Promise<void>((done) => {
        resolve = done;
      });
      const entry: Entry = {
        trap,
        spring: () => {
          if (sprung) return;
          sprung = true;
          traps.delete(entry);
          trap.act();
          resolve();
        },
      };
      traps.add(entry);
      return {
        get sprung() {
          return sprung;
        },
        untilOver,
        remove: () => {
          traps.delete(entry);
          resolve();
        },
      };
    },
    reset: () =>
      each(({ near, far }) => {
        near.resetAndDestroy();
        far.destroy();
      }),
    freeze: () =>
      each((line) => {
        line.frozen = true;
      }),
    heal: () => {
      link.lose = { requests: false, replies: false };
      link.delayMs = 0;
      for (const line of lines) {
        if (!(line.near.destroyed || line.far.destroyed)) continue;
        lines.delete(line);
        line.near.destroy();
        line.far.destroy();
      }
    },
    close: async () => {
      each((line) => {
        line.near.destroy();
        line.far.destroy();
      });
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}
