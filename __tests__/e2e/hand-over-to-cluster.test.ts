import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { COMPLETE } from "../helpers/complete";
import { CONFIGURATION, OLD_KEY, OLD_SECRET } from "../helpers/stand-in-cluster";
import { startCluster, type TestCluster } from "./support/cluster";
import { LocalAws } from "./support/local-aws";
import { Deployments, folder } from "./support/project";
import {
  atTerminal,
  DKP_ACCESS,
  ended,
  jsonOf,
  mustSucceed,
  runIn,
  type Terraform,
  terraformEnvironment,
} from "./support/terraform";

const SETTINGS = `region: eu-central-1
accountId: "123456789012"
backend: { local: {} }
cluster: { prefix: dev, layout: WithoutNAT }
`;

/** A document of which only the two values may change. */
const unusual = (configuration: string, id: string) =>
  `# of the platform team\n${configuration.replace(id, `'${id}' # of DKP`)}tags: &tags { team: a } # shared\nadditionalTags: *tags\n`.replaceAll(
    "\n",
    "\r\n",
  );

interface Report {
  readonly findings: readonly {
    readonly rule: string;
    readonly field?: string;
    readonly values: { readonly ruleToAdd?: string; readonly id?: string };
  }[];
}

describe("hand-over --cluster", () => {
  let aws: LocalAws;
  let cluster: TestCluster;
  let deployments: Deployments;
  let terraform: Terraform;
  let oldId: string;
  let oldSecret: string;
  let newId: string;
  let secret: string;
  let home: string;
  const environment = (more: Readonly<Record<string, string>> = cluster.environment) => ({
    ...terraformEnvironment(aws),
    HOME: home,
    TMPDIR: home,
    ...more,
  });
  beforeAll(async () => {
    aws = await LocalAws.start();
    deployments = Deployments.of(SETTINGS);
    terraform = deployments.terraform(aws);
    terraform.init();
    terraform.apply();
    ({ accessKeyId: oldId, secretAccessKey: oldSecret } = terraform.key());
    for (const managedBy of ["rotate", "terraform"]) {
      deployments.change(`${SETTINGS}accessKeys: { managedBy: ${managedBy} }\n`);
      terraform.apply();
    }
    ({ accessKeyId: newId, secretAccessKey: secret } = terraform.key());
    home = folder();
    mustSucceed(runIn(deployments.path, terraformEnvironment(aws), ...DKP_ACCESS, "review"));
    cluster = await startCluster(
      readFileSync(join(deployments.path, "review/deckhouse/cluster-access.yaml"), "utf8"),
    );
  });

  const withId = (id: string) => CONFIGURATION.replace(OLD_KEY, id);
  const withOldPair = () => withId(oldId).replace(OLD_SECRET, oldSecret);
  const handOver = (
    before: string,
    args: readonly string[] = ["--yes"],
    more?: Readonly<Record<string, string>>,
  ) => {
    cluster.setDocument(before);
    const environmentOf = environment(more);
    const { status, output } = runIn(
      deployments.path,
      environmentOf,
      ...DKP_ACCESS,
      "hand-over",
      "deckhouse",
      "--cluster",
      ...args,
    );
    // Without lines about slow calls, and without the end, which is standard error.
    const [first] = output.split("\n").filter((line) => !/ \.\.\.$| now: read back /.test(line));
    const lines = cluster.document().toString().split("\n");
    const changed = before.split("\n").filter((line, index) => line !== lines[index]).length;
    expect(output).not.toContain(secret);
    return { status, first, changed, output };
  };

  const REPLACES = () =>
    `${newId} replaces ${oldId} in dev: two fields of the Secret kube-system/d8-provider-cluster-configuration change.`;
  const CHANGED = { status: 0, changed: 2 };
  const REFUSED = { status: 1, changed: 0 };

  it("changes two lines of the Secret, says so before and after, and has nothing to do then", () => {
    const { output, ...result } = handOver(withOldPair());
    expect(result).toEqual({ ...CHANGED, first: REPLACES() });
    expect(output).toContain(
      `dev has the key ${newId} now: read back from kube-system/d8-provider-cluster-configuration; `,
    );
    const given = cluster.document().toString();
    expect(given).toContain(`providerSecretAccessKey: "${secret}"`);
    expect(handOver(given)).toMatchObject({
      status: 0,
      changed: 0,
      first: `dev has the current key ${newId} already; nothing was written`,
    });
  });

  it("gives the secret of the current key where the cluster has its ID with another one", () => {
    const named = ["--yes", "--replaces", newId, "--context", "dev"];
    expect(handOver(withId(newId), named)).toMatchObject({
      status: 0,
      changed: 2,
      first: `${newId} replaces another secret in dev: two fields of the Secret kube-system/d8-provider-cluster-configuration change.`,
    });
    expect(cluster.document().toString()).toContain(`providerSecretAccessKey: "${secret}"`);
  });

  it("keeps comments, anchors and line ends byte for byte", () => {
    const before = unusual(withOldPair(), oldId);
    expect(handOver(before)).toMatchObject(CHANGED);
    const expected = before
      .replace(`'${oldId}'`, `"${newId}"`)
      .replace(/(SecretAccessKey: )[^\r]+/, `$1"${secret}"`);
    expect(cluster.document().toString()).toBe(expected);
  });

  it("refuses a document in which more than the two values would change", () => {
    expect(handOver(withOldPair().replace(oldId, `&id ${oldId}`))).toMatchObject({
      ...REFUSED,
      first: REPLACES(),
    });
  });

  it("shows the secret to no other process, and leaves it in no file", () => {
    const list = join(folder(), "processes");
    const more = cluster.beforeWrite(
      `cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' ' ' > '${list}'`,
    );
    expect(handOver(withOldPair(), ["--yes"], more)).toMatchObject(CHANGED);
    expect(readFileSync(list, "utf8")).toContain("hand-over deckhouse --cluster");
    const files = readdirSync(home, { recursive: true, encoding: "utf8" }).map((name) =>
      join(home, name),
    );
    const texts = [list, ...files.filter((file) => statSync(file).isFile())].map((file) =>
      readFileSync(file, "latin1"),
    );
    const forms = [secret, Buffer.from(secret).toString("base64").slice(0, -4)];
    expect(texts.filter((text) => forms.some((form) => text.includes(form)))).toEqual([]);
  });

  it("names the rule that the user of the kubeconfig lacks", () => {
    const { output, ...result } = handOver(withOldPair(), ["--yes"], cluster.reader);
    expect(result).toEqual({ ...REFUSED, first: REPLACES() });
    expect(output).toContain(
      "the user of the kubeconfig may not patch secrets d8-provider-cluster-configuration; add that rule to its role, as cluster-access.yaml of the review pack has it\n",
    );
  });

  const found = (command: "preflight" | "drift", more: Readonly<Record<string, string>>) => {
    const { findings } = jsonOf(
      deployments.path,
      environment(more),
      ...DKP_ACCESS,
      command,
      ...["deckhouse", "--cluster", "--format", "json"],
    ) as Report;
    return findings
      .filter(({ rule }) => rule.startsWith("cluster-"))
      .map(({ rule, field, values }) => [rule, field ?? values.ruleToAdd ?? values.id]);
  };

  it("preflight --cluster names that rule before", () => {
    expect(found("preflight", cluster.environment)).toEqual([]);
    expect(found("preflight", cluster.reader)).toEqual([
      [
        "cluster-access-lacking",
        '{ apiGroups: [""], resources: [secrets], resourceNames: [d8-provider-cluster-configuration], verbs: [patch] }',
      ],
    ]);
  });

  it("drift --cluster finds what the cluster has otherwise, as a user who may only read it", () => {
    cluster.setDocument(withId(newId));
    expect(found("drift", cluster.reader)).toEqual([]);
    cluster.setDocument(withId(oldId).replace("eu-central-1", "us-east-1"));
    expect(found("drift", cluster.reader)).toEqual([["cluster-is-another", "region"]]);
  });

  it("refuses to overwrite a change at the same moment", () => {
    const { output, status } = handOver(withOldPair(), ["--yes"], cluster.beforeWrite("$EDIT"));
    expect({ status, output }).toEqual(
      ended(
        1,
        "somebody changed the configuration of the cluster at the same moment; run the command again\n",
      ),
    );
    const document = cluster.document().toString();
    expect(document).toContain("layout: Standard\n");
    expect(document).not.toContain(newId);
  });

  it("writes nothing without a terminal and --yes, and only after yes at a terminal", () => {
    expect(handOver(withOldPair(), [])).toMatchObject({
      ...REFUSED,
      first: REPLACES(),
      output: expect.stringContaining(
        "nothing was written: there is no terminal to ask at; add --yes\n",
      ),
    });
    const answered = (answer: string) =>
      atTerminal(answer, deployments.path, environment(), "hand-over", "deckhouse", "--cluster");
    expect(answered("no")).toEqual(ended(1, "nothing was written: the answer is not yes"));
    expect(cluster.document().toString()).toBe(withOldPair());
    expect(answered("yes")).toEqual(ended(0, `dev has the key ${newId} now`));
  });

  // Each run of the program waits a minute.
  if (COMPLETE) {
    it("replaces a key that nobody has only if it is named", async () => {
      await aws.iam().createUser({ UserName: "bob" });
      const { accessKeyId } = await aws.createKey("bob");
      await aws.deleteKey(accessKeyId, "bob");
      const unknown = `No user of the account has ${accessKeyId}: it was deleted.`;
      expect(handOver(withId(accessKeyId))).toMatchObject({
        ...REFUSED,
        first: unknown,
        output: expect.stringContaining(
          `nothing was written: the key ${accessKeyId} of the cluster does not work; name both: --replaces ${accessKeyId} --context dev\n`,
        ),
      });
      expect(
        handOver(withId(accessKeyId), ["--yes", "--replaces", accessKeyId, "--context", "dev"]),
      ).toMatchObject({
        ...CHANGED,
        first: unknown,
      });
    });
  }
});
