import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from "yaml";
import type { Problem } from "./problems";

/** A settings file: its plain value, and where in the file each field stands. */
export interface YamlFile {
  readonly value: unknown;
  /** The line of a field, or of the nearest field above it that exists. */
  lineOf(path: readonly string[]): number | undefined;
}

/**
 * Reads YAML 1.2 text that holds exactly one document.
 * The library's own messages quote the file, so only their first line is kept: a secret may stand next to the fault.
 */
export function parseYaml(text: string): { file: YamlFile } | { problems: readonly Problem[] } {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const [document] = documents;
  if (!Array.isArray(documents) || document === undefined || (document.contents === null && documents.length === 1)) {
    const faults = document === undefined ? [] : [...document.errors, ...document.warnings];
    return { problems: faults.length > 0 ? faults.map((fault) => yamlProblem(fault, lines)) : [{ path: [], message: EMPTY }] };
  }
  if (documents.length > 1) {
    return { problems: [{ path: [], message: `holds ${documents.length} YAML documents; write one deployment per file` }] };
  }
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    return { problems: faults.map((fault) => yamlProblem(fault, lines)) };
  }
  try {
    return { file: { value: document.toJS(), ...places(document, lines) } };
  } catch (error) {
    return { problems: [{ path: [], message: `is not YAML that can be read: ${(error as Error).message}` }] };
  }
}

const EMPTY = 'is empty; write at least "region" and "backend", the README shows a first file';

function yamlProblem(fault: { readonly pos: readonly [number, number]; readonly message: string }, lines: LineCounter): Problem {
  const [sentence = ""] = fault.message.split("\n");
  return { line: lines.linePos(fault.pos[0]).line, path: [], message: `is not valid YAML: ${sentence}` };
}

function places(document: Document, lines: LineCounter): Pick<YamlFile, "lineOf"> {
  const lineOfNode = (node: Node | null | undefined) =>
    node?.range === undefined || node.range === null ? undefined : lines.linePos(node.range[0]).line;
  return {
    lineOf(path) {
      let node: unknown = document.contents;
      let line: number | undefined;
      for (const segment of path) {
        if (isMap(node)) {
          const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === segment);
          if (pair === undefined) {
            return line;
          }
          line = lineOfNode(pair.key as Node) ?? line;
          node = pair.value;
        } else if (isSeq(node)) {
          node = node.items[Number(segment)];
          line = lineOfNode(node as Node | undefined) ?? line;
        }
      }
      return line;
    },
  };
}
