import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type JobSpec, jobSpecSchema } from '../job/index.ts';

// A spec is one or two kilobytes: a small window deflates it as well, and needs no 256 KiB of scratch memory.
const options = { windowBits: 12, memLevel: 4 };

export function toSpecBytes(spec: JobSpec): Buffer {
  return deflateRawSync(JSON.stringify(spec), options);
}

export function parseSpec(bytes: Uint8Array): JobSpec {
  return jobSpecSchema.parse(JSON.parse(inflateRawSync(bytes, { maxOutputLength: 65_536 }).toString()));
}
