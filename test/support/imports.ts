import { parseSync, Visitor } from 'vite';

/** Module specifiers that a TypeScript file imports from or re-exports, CSS included; those of types alone unless `types` is false. */
export function importsIn(file: string, text: string, { types = true } = {}): string[] {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file} cannot be parsed: ${errors[0]?.message}`);
  const found: string[] = [];
  const take = (node: {
    readonly source: unknown;
    readonly importKind?: unknown;
    readonly exportKind?: unknown;
  }) => {
    if (!types && (node.importKind === 'type' || node.exportKind === 'type')) return;
    const { value } = (node.source ?? {}) as { readonly value?: unknown };
    if (typeof value === 'string') found.push(value);
  };
  new Visitor({
    ImportDeclaration: take,
    ExportAllDeclaration: take,
    ExportNamedDeclaration: take,
    ImportExpression: take,
    ...(types ? { TSImportType: take } : {}),
  }).visit(program);
  return found;
}

/** Names that a TypeScript file exports and defines itself: what it re-exports from another file is left out. */
export function exportedNames(file: string, text: string): string[] {
  const { module, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file} cannot be parsed: ${errors[0]?.message}`);
  const own = module.staticExports.flatMap(({ entries }) => entries).filter((entry) => !entry.moduleRequest);
  return [...new Set(own.flatMap(({ exportName }) => exportName.name ?? []))];
}
