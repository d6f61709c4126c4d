// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the settings that hold ${...}, not the program
import { errorsOf, MINIMAL, messageOf } from "../helpers/settings-files";

describe("the report", () => {
  it("holds every error of every file, by file name and line", () => {
    const files = {
      "b.yaml": "protect: 1\nregion: Europe\n",
      "Prod.yaml": MINIMAL,
      "a.yaml": `${MINIMAL}users: {}\naccountId: 5\n`,
      "c.yaml": "a: [\n",
      "d.yaml": "region: eu-central-1\nbackend: { s3: { bucket: d } }\nuser: { name: d }\npolicy: { name: d }\n",
      "e.yaml": "region: eu-central-1\nbackend: { s3: { bucket: e } }\n",
    };
    expect(messageOf(files)).toBe(
      [
        "deployments/Prod.yaml has 1 error:",
        '  "Prod" can\'t be a stack name: lower-case letters, digits and "-", first a letter, at most 63; rename the file',
        "deployments/a.yaml has 2 errors:",
        '  line 3, users: unknown setting, did you mean "user"?',
        "  line 4, accountId: 5 is a number, which loses leading zeros; write the account id in quotes",
        "deployments/b.yaml has 3 errors:",
        "  backend: missing: the location of the Terraform state must be stated; write for example backend: { s3: { bucket: my-state, region: eu-central-1 } }",
        "  line 1, protect: 1 is not true or false",
        '  line 2, region: "Europe" does not have the shape of an AWS region; write one such as "eu-central-1" or "us-gov-west-1"',
        "deployments/c.yaml has 1 error:",
        "  line 2: is not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
        "deployments/e.yaml has 2 errors:",
        '  user.name: "deckhouse" is also the user of deployments/Prod.yaml, in the same account (IAM ignores case); set another in one of the two files, for example "deckhouse-e" here',
        '  policy.name: "D8CloudProviderAWS" is also the policy of deployments/Prod.yaml, in the same account (IAM ignores case); set another in one of the two files, for example "D8CloudProviderAWS-e" here',
      ].join("\n"),
    );
  });

  it("reports the line in the file, comments and blank lines counted", () => {
    const text = `# yaml-language-server: $schema=./schema.json

# Where DKP runs.
region: eu-central-1   # Frankfurt

backend:
  # The state holds the secret.
  s3:
    bucket: states

    # Locked through S3 itself.
    use_lokfile: true
    assume_role:
      # By the pipeline.
      role: x
user:

  name: "deck
    house"
policy: { name: a/b,

  path: x }
tags:
  team: 5
`;
    expect(errorsOf(text)).toEqual([
      'line 12, backend.s3.use_lokfile: is no argument that settings accept, did you mean "use_lockfile"? If not, pass it with -backend-config, and set backend.partial: true',
      'line 15, backend.s3.assume_role.role: is no argument that settings accept, did you mean "role_arn"? If not, pass it with -backend-config, and set backend.partial: true',
      'line 18, user.name: "deck house" has the character " ", an IAM user name takes only A-Z a-z 0-9 and _ + = , . @ -',
      'line 20, policy.name: "a/b" has the character "/", an IAM policy name takes only A-Z a-z 0-9 and _ + = , . @ -; folders belong into policy.path',
      'line 22, policy.path: "x" is not an IAM path: "/" or a string without spaces that begins and ends with "/", at most 512 characters; for example "/platform/"',
      "line 24, tags.team: 5 is not a string; write one value in quotes",
    ]);
  });

  it("reports the line of the object where something is missing in it", () => {
    expect(errorsOf(`${MINIMAL}\nnodeRole:\n\n  path: /dkp/\n`)).toEqual([
      'line 4, nodeRole.name: missing; write the name of the role, for example "deckhouse-nodes"',
    ]);
  });

  it("reports the line of each item of a list", () => {
    expect(
      errorsOf('region: eu-central-1\nbackend:\n  s3:\n    bucket: b\n    allowed_account_ids:\n      - a\n      - "${b}"\n'),
    ).toEqual([
      'line 7, backend.s3.allowed_account_ids.1: holds "${", which Terraform would run as code; write the value itself',
    ]);
  });

  it("reports each field once: a template sequence is not checked further", () => {
    expect(errorsOf(`${MINIMAL}user: { name: "\${a}" }\n`)).toEqual([
      'line 3, user.name: holds "${", which Terraform would run as code; write the value itself',
    ]);
  });

  it("counts lines that end as on Windows", () => {
    expect(errorsOf(`${MINIMAL}\nusers: {}\n`.replaceAll("\n", "\r\n"))).toEqual([
      'line 4, users: unknown setting, did you mean "user"?',
    ]);
  });
});
