import { access } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Stage } from '../context.ts';
import type { Edition } from '../edition.ts';
import { fact, toSeen } from '../fact.ts';
import type { Scratch } from '../scratch.ts';

/** The last one: it ends the edition. */
export function nothingLeft(
  edition: Pick<Edition, 'stop' | 'ports' | 'pid'>,
  scratch: Pick<Scratch, 'folder' | 'remove'>,
  keep: boolean,
): Stage {
  return {
    title: 'Ctrl-C',
    must: `ends everything in good order: no process, no open port${keep ? '' : ', no folder'} is left`,
    run: async ({ machine }) => {
      const before = await machine.tree();
      const startedAt = performance.now();
      const ending = await edition.stop();
      const ms = Math.round(performance.now() - startedAt);
      const left = await machine.remains();
      const heirs = await machine.left(before, 0);
      const all = [...left, ...heirs.filter((row) => !left.some(({ pid }) => pid === row.pid))];
      const open = (await Promise.all(edition.ports.map(isOpen))).filter(Boolean).length;
      if (!keep) await scratch.remove();
      const folder = await access(scratch.folder).then(
        () => true,
        () => false,
      );
      return toSeen(
        fact(`${ending} after ${ms} ms`, ending === 'exit code 0' || ending === 'exit code 130'),
        fact(
          all.length === 0
            ? `0 of ${before.length} processes left`
            : `left: ${all.map((row) => `${row.pid} ${row.command}`).join('; ')}`,
          all.length === 0,
        ),
        fact(`${open} of ${edition.ports.length} ports open`, open === 0),
        ...(keep ? [] : [fact(folder ? `${scratch.folder} is still there` : 'no folder', !folder)]),
      );
    },
  };
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
