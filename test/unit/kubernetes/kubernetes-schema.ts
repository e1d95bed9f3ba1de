import { createRequire } from 'node:module';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { PROJECT_ROOT } from '../../support/command';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: unknown;
}

const load = createRequire(__filename);

interface Model {
  validate(): void;
}

/**
 * What Kubernetes' OpenAPI document says against the manifests; none when they are valid. `kubernetes-models` has the
 * document as validators, which let unknown keys pass as the document does, and as TypeScript types, which do not.
 */
export function violations(manifests: readonly Manifest[]): readonly string[] {
  return [...invalidValues(manifests), ...unknownKeys(manifests)];
}

/** Missing keys and wrong types. */
export function invalidValues(manifests: readonly Manifest[]): readonly string[] {
  return manifests.flatMap((manifest) => {
    const models = load(modelOf(manifest)) as Record<string, new (data: object) => Model>;
    try {
      new models[manifest.kind]!(manifest).validate();
      return [];
    } catch (error) {
      return [`${manifest.kind} ${manifest.metadata.name}: ${(error as Error).message}`];
    }
  });
}

const modelOf = ({ apiVersion, kind }: Manifest): string => `kubernetes-models/${apiVersion}/${kind}`;

/** Misspelt keys: the compiler finds them in an object literal. */
export function unknownKeys(manifests: readonly Manifest[]): readonly string[] {
  // Inside the project, so that the compiler finds the package.
  const directory = mkdtempSync(path.join(PROJECT_ROOT, 'node_modules', '.kubernetes-schema-'));
  try {
    const file = path.join(directory, 'manifests.ts');
    writeFileSync(
      file,
      manifests
        .flatMap((manifest, index) => [
          `import type { I${manifest.kind} as Type${index} } from '${modelOf(manifest)}';`,
          `export const manifest${index}: Type${index} = ${JSON.stringify(manifest, null, 1)};`,
        ])
        .join('\n'),
    );
    const program = ts.createProgram([file], {
      noEmit: true,
      strict: true,
      skipLibCheck: true,
      types: [],
      module: ts.ModuleKind.Node16,
      moduleResolution: ts.ModuleResolutionKind.Node16,
    });
    return ts
      .getPreEmitDiagnostics(program)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
