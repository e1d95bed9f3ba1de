export { openTracing, type Environment } from './open-tracing';
export { during, NO_SPAN, NO_TRACING, type Attributes, type Span, type SpanOptions, type Tracing } from './span';
export { PARENT_VARIABLE, tracedVariables, TRACE_HEADER, untraced } from './propagation';
