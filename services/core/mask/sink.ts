import type { RunEnd, RunSink } from '../execute/index.ts';
import { createMask, type MaskStream } from './mask.ts';

export interface MaskedSink extends RunSink {
  /** A reason says what the plan says, and so perhaps a secret. */
  maskEnd(end: RunEnd): RunEnd;
  /** Of what else is told: the names in a report. */
  maskText(text: string): string;
  /** Tells what a step that was cut off has left. */
  close(): Promise<void>;
}

/**
 * Puts the mask between a run and whoever is told of it: outputs, names and reasons. The end of a step is
 * told after all of its output.
 *
 * @param secrets values by name
 */
export function maskSink(secrets: ReadonlyMap<string, string>, sink: RunSink): MaskedSink {
  const { mask, short } = createMask(secrets);
  // Steps write at the same time, and what one holds back is none of another's.
  const streams = new Map<string, MaskStream>();
  let isSaid = short.length === 0;

  const end = async (step: string) => {
    const rest = streams.get(step)?.end();
    streams.delete(step);
    if (rest !== undefined && rest.length > 0) await sink.write(step, rest);
  };
  const open = (step: string) => {
    const stream = mask.stream();
    streams.set(step, stream);
    return stream;
  };

  return {
    write: async (name, bytes) => {
      const step = mask.text(name);
      const told = (streams.get(step) ?? open(step)).write(bytes);
      if (told.length > 0) await sink.write(step, told);
    },
    step: async (fact) => {
      const name = mask.text(fact.name);
      await end(name);
      await sink.step({ ...fact, name });
      if (isSaid || fact.state !== 'running') return;
      isSaid = true;
      const names = short.map((each) => JSON.stringify(each)).join(', ');
      await sink.write(name, Buffer.from(`Shorter than 6 characters, so not masked: ${names}\n`));
    },
    maskEnd: (end) => ('reason' in end ? { ...end, reason: mask.text(end.reason) } : end),
    maskText: mask.text,
    close: async () => {
      for (const step of [...streams.keys()]) await end(step);
    },
  };
}
