import { ListAccessKeysCommand } from "@aws-sdk/client-iam";
import { type Credentials, LocalAws } from "./support/local-aws";
import { Deployments, removeFolders } from "./support/project";
import { PROGRAMS, type Terraform } from "./support/terraform";

const SETTINGS = "region: eu-central-1\nbackend: { local: {} }\n";

/** The four edits of a rotation to the secondary slot, and the four back. */
const FORTH_AND_BACK = [
  ["secondary Active", "{ secondary: { status: Active } }"],
  ["secondary handed out", "{ secondary: { status: Active }, current: secondary }"],
  ["primary Inactive", "{ primary: { status: Inactive }, secondary: { status: Active }, current: secondary }"],
  ["primary absent", "{ primary: { status: absent }, secondary: { status: Active }, current: secondary }"],
  ["primary Active again", "{ primary: { status: Active }, secondary: { status: Active }, current: secondary }"],
  ["primary handed out", "{ primary: { status: Active }, secondary: { status: Active }, current: primary }"],
  ["secondary Inactive", "{ primary: { status: Active }, secondary: { status: Inactive }, current: primary }"],
  ["secondary absent", "{ primary: { status: Active }, secondary: { status: absent }, current: primary }"],
] as const;

describe.each(PROGRAMS)("a rotation forth and back with %s", (program) => {
  let aws: LocalAws;
  let deployments: Deployments;
  let terraform: Terraform;
  let handedOut: Credentials;
  const used: string[] = [];

  beforeAll(async () => {
    aws = await LocalAws.start();
    deployments = Deployments.of({ deckhouse: SETTINGS });
    terraform = deployments.terraform("deckhouse", aws, program);
    terraform.init();
    terraform.apply();
    handedOut = terraform.key();
    used.push(handedOut.accessKeyId);
  });

  afterAll(async () => {
    await aws.stop();
    removeFolders();
  });

  it.each(FORTH_AND_BACK)(
    "%s: the keys handed out before and now both work, and nothing but keys changes",
    async (_, accessKeys) => {
      const before = handedOut;
      deployments.change({ deckhouse: `${SETTINGS}accessKeys: ${accessKeys}\n` });
      await aws.calls();
      terraform.apply();
      expect((await aws.changes()).filter((action) => !action.endsWith("AccessKey"))).toEqual([]);
      handedOut = terraform.key();
      expect({ before: await aws.accepts(before), now: await aws.accepts(handedOut) }).toEqual({ before: true, now: true });
      used.push(handedOut.accessKeyId);
    },
  );

  it("leaves nothing to do at its end", () => {
    expect(terraform.isUpToDate()).toBe(true);
  });

  it("handed out three keys in turn, each in a slot of its own", async () => {
    expect(new Set(used).size).toBe(3);
    expect(terraform.output("access_key_slot")).toBe("primary");
    const { AccessKeyMetadata = [] } = await aws.iam().send(new ListAccessKeysCommand({ UserName: "deckhouse" }));
    expect(AccessKeyMetadata.map(({ AccessKeyId }) => AccessKeyId)).toEqual([handedOut.accessKeyId]);
  });
});
