import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { DKP_VERSION, type DkpVersion, SUPPORTED_VERSIONS } from "../../src/iam/dkp-versions";
import { type Comparison, compare, KNOWN_VERSIONS, needsAttention, rowsOf } from "./compare";
import {
  COMPONENTS,
  lastCompared,
  newerLine,
  readShippedVersions,
  shippedVersions,
  unverified,
} from "./components";
import { outdatedFacts } from "./facts";
import { findCalls } from "./go-calls";
import { downloadModule, readFolder } from "./go-module";
import { reportText } from "./report";
import { compareTerraform } from "./terraform-model";

interface Options {
  readonly facts?: boolean;
  readonly component?: readonly string[];
  readonly version?: string;
  readonly source?: string;
  readonly dkp?: string;
  readonly dkpRelease?: DkpVersion;
  readonly dkpVersion: DkpVersion;
}

const program = new Command("upstream")
  .description(
    "Compares the catalogue with the AWS SDK calls in the Go sources of the components of DKP, which the Go command downloads, and with AWS's call model of the Terraform provider (awslabs/iam-policy-autopilot). The same model is compared with the policy of each deployer.",
  )
  .option(
    "--facts",
    "list the facts of docs/reference/facts.yaml that were read more than 90 days ago, and compare nothing",
  )
  .addOption(
    new Option("--component <names...>", "read only these components").choices([
      ...COMPONENTS.map(({ name }) => name),
      "terraform",
    ]),
  )
  .option(
    "--version <version>",
    'version of the component, such as 1.54.0, or "latest" (default: those that DKP ships)',
  )
  .option(
    "--source <folder>",
    "checked-out source tree to read instead; requires one --component and its --version. With --component terraform: the folder with the two files of the model",
  )
  .option(
    "--dkp <folder>",
    "source tree of DKP, whose oss.yaml names the versions (default: those that were verified)",
  )
  .option(
    "--dkp-release <tag>",
    "release of this source tree, such as v1.77.3; one of a newer release line is an error",
    releaseLine,
  )
  .addOption(
    new Option("--dkp-version <version>", "rows of the catalogue to compare with")
      .choices(KNOWN_VERSIONS)
      .default(SUPPORTED_VERSIONS.last),
  )
  .addHelpText(
    "after",
    "\nExit codes: 0 no unexplained difference, 1 error, 2 unexplained difference or outdated explanation",
  )
  .action(async (options: Options) => {
    if (options.facts) {
      const outdated = outdatedFacts(readFileSync("docs/reference/facts.yaml", "utf8"), new Date());
      process.stdout.write(outdated.map((line) => `${line}\n`).join(""));
      process.exitCode = outdated.length > 0 ? 2 : 0;
      return;
    }
    const { comparisons, errors } =
      options.source === undefined
        ? await compareAll(options)
        : { comparisons: await compareSource(options), errors: [] };
    process.stdout.write(reportText(comparisons));
    process.exitCode = comparisons.some(needsAttention) ? 2 : 0;
    if (errors.length > 0) {
      throw new Error(errors.join("\n"));
    }
  });

async function compareSource({
  component: names = [],
  version,
  source = "",
  dkpVersion,
}: Options): Promise<readonly Comparison[]> {
  if (names.join() === "terraform") {
    return compareTerraform(dkpVersion, source);
  }
  const [component, another] = COMPONENTS.filter(({ name }) => names.includes(name));
  if (
    component === undefined ||
    another !== undefined ||
    version === undefined ||
    version === "latest"
  ) {
    throw new Error("--source: requires one --component and the --version of the source tree");
  }
  const { module, files } = readFolder(source);
  return [
    compare(component, plain(version), dkpVersion, await findCalls(files, module, component.main)),
  ];
}

interface Compared {
  readonly comparisons: readonly Comparison[];
  readonly errors: readonly string[];
}

async function compareAll(options: Options): Promise<Compared> {
  const { comparisons, errors } = await compareModules(options);
  if (options.component?.includes("terraform") === false) {
    return { comparisons, errors };
  }
  try {
    return {
      comparisons: [...comparisons, ...(await compareTerraform(options.dkpVersion))],
      errors,
    };
  } catch (error) {
    return { comparisons, errors: [...errors, `terraform: ${(error as Error).message}`] };
  }
}

/** Versions that cannot be read are errors; the others are compared all the same. */
async function compareModules({
  component: names,
  version,
  dkp,
  dkpRelease,
  dkpVersion,
}: Options): Promise<Compared> {
  const comparisons: Comparison[] = [];
  const shipped =
    dkp === undefined ? new Map<string, readonly string[]>() : readShippedVersions(dkp);
  process.stdout.write(
    unverified(shipped)
      .map((line) => `not verified: ${line}\n`)
      .join(""),
  );
  const newer = newerLine(dkpRelease);
  const errors = newer === undefined ? [] : [newer];
  for (const component of COMPONENTS.filter(({ name }) => names?.includes(name) ?? true)) {
    for (const each of version === undefined
      ? shippedVersions(component.name, shipped)
      : [plain(version)]) {
      try {
        const downloaded = await downloadModule(component.module, each);
        const calls = await findCalls(downloaded.files, component.module, component.main);
        comparisons.push(compare(component, downloaded.version, dkpVersion, calls));
      } catch (error) {
        const rows = rowsOf(component.name, dkpVersion).size;
        const reason = (error as Error).message;
        errors.push(
          `${component.name} ${each}: ${reason}; ${lastCompared(component.name, rows, new Date())}`,
        );
      }
    }
  }
  return { comparisons, errors };
}

/**
 * The release line of a tag of DKP: `v1.77.3` is of 1.77.
 * @throws Error if the text is not such a tag
 */
function releaseLine(tag: string): DkpVersion {
  const [, line = ""] = /^v?(1\.\d+)(?:\.\d+)?$/.exec(tag) ?? [];
  if (!DKP_VERSION.test(line)) {
    throw new InvalidArgumentError("expected a release of DKP, such as v1.77.3");
  }
  return line as DkpVersion;
}

function plain(version: string): string {
  return version.replace(/^v/, "");
}

program.parseAsync().catch(({ message }: Error) => {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
});
