/** What happened when, for whoever collects traces: W3C Trace Context, and OTLP over HTTP. */
export { parseTraceparent, type TraceContext, toTraceparent } from './context.ts';
export { createExporter, type Exporter } from './exporter.ts';
export { createSampler, type Sampler, samplers } from './sampler.ts';
export { type Attributes, createTracer, type Span, type SpanOptions, type Tracer } from './tracer.ts';
