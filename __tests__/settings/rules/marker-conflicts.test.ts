import { deploymentsOf, messageOf } from "../../helpers/settings-files";

const STRICT = "policy: { mode: strict, name: NAME }\n";
const cluster = (tags: string, prefix = "dev") => `cluster: { prefix: ${prefix}, layout: Standard, tags: { ${tags} } }\n`;
const file = (name: string, rest: string, region = "eu-central-1") =>
  `region: ${region}\nbackend: { local: {} }\nuser: { name: ${name} }\n${rest.replace("NAME", name)}`;
const MINIMAL = "policy: { mode: minimal, name: NAME }\n";
const ACCOUNT = 'accountId: "123456789012"\n';
const OTHER = 'accountId: "210987654321"\n';

describe("a marker that another cluster has as well", () => {
  it.each([
    ["strict, in the same account", `${ACCOUNT}${STRICT}`, "in the same account"],
    ["strict, in another Region of the account", `${ACCOUNT}${STRICT}`, "in the same account"],
    ["minimal, in the same account", `${ACCOUNT}${MINIMAL}`, "in the same account"],
    ["strict, in an account that is not stated", STRICT, "which may be in the same account"],
  ])("is rejected where that cluster is %s", (what, other, where) => {
    const region = what.includes("another Region") ? "eu-west-1" : "eu-central-1";
    const message = messageOf({
      "a.yaml": file("a", `${other}${cluster("DKP-Cluster: dev, team: x")}`, region).replace(
        "mode: strict",
        "mode: strict, marker: DKP-Cluster",
      ),
      "b.yaml": file("b", `${ACCOUNT}${STRICT}${cluster("dkp-cluster: dev")}`),
    });
    expect(message).toContain(
      `cluster.tags: "dkp-cluster=dev" is also a tag of the cluster of deployments/a.yaml, ${where}: the key could change both clusters; give each cluster a pair of its own`,
    );
    expect(message.includes(", or state accountId in both")).toBe(where.startsWith("which"));
    expect(message.match(/is also a tag/g)).toHaveLength(1);
  });

  it("is reported at the one in mode strict, whichever comes first", () => {
    const message = messageOf({
      "a.yaml": file(
        "a",
        `${ACCOUNT}policy: { mode: strict, name: a, marker: dkp-cluster }\n${cluster("dkp-cluster: dev, team: x")}`,
      ),
      "b.yaml": file("b", `${ACCOUNT}${MINIMAL}${cluster("dkp-cluster: dev")}`),
    });
    expect(message).toContain('policy.marker: "dkp-cluster=dev" is also a tag of the cluster of deployments/b.yaml');
  });

  it.each([
    ["in another account", `${OTHER}${STRICT}${cluster("dkp-cluster: dev")}`],
    ["with another value", `${ACCOUNT}${STRICT}${cluster("dkp-cluster: prod", "prod")}`],
    ["with another key", `${ACCOUNT}${STRICT}${cluster("cluster-of: dev", "prod")}`],
  ])("is accepted %s", (_, other) => {
    const files = { "a.yaml": file("a", other), "b.yaml": file("b", `${ACCOUNT}${STRICT}${cluster("dkp-cluster: dev")}`) };
    expect(deploymentsOf(files)).toHaveLength(2);
  });

  it("is accepted in another partition, because no account spans two", () => {
    const files = {
      "a.yaml": file("a", `${STRICT}${cluster("dkp-cluster: dev")}`, "cn-north-1"),
      "b.yaml": file("b", `${STRICT}${cluster("dkp-cluster: dev")}`),
    };
    expect(deploymentsOf(files)).toHaveLength(2);
  });
});
