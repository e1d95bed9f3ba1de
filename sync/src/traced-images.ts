import { PARENT_VARIABLE, type Span } from '@ewallet/tracing';

/** Names of variables that a connector's image has to be given to continue the trace; none where nothing is traced. */
export function variablesOfImages({ context }: Span, environment: NodeJS.ProcessEnv = process.env): readonly string[] {
  if (context === undefined) return [];
  return [
    PARENT_VARIABLE,
    ...Object.keys(environment)
      .filter((name) => name.startsWith('OTEL_'))
      .sort(),
  ];
}
