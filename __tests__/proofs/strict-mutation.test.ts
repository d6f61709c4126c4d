import { policyDocument } from "../../src/iam/policy-document";
import { policyStatements } from "../../src/iam/policy-statements";
import { abuses } from "../helpers/abuses";
import { ENVIRONMENT, EVERYTHING, inMode } from "../helpers/clusters";
import { survivorsOf } from "../helpers/mutants";
import { type Request, requestsWith } from "../helpers/simulator";
import { PEER_VPC, taggedRequests, UUID, VPC, withMarker } from "../helpers/tagged-requests";
import { unrelatedResources } from "../helpers/unrelated-resources";

const CLUSTERS = {
  "with UUID and existing VPC": { uuid: UUID, existingVPCID: VPC },
  "with UUID and own VPC": { uuid: UUID, vpcId: VPC },
  "before the bootstrap": {},
};

/** On neighbors in the cluster's VPC and elsewhere. */
const ATTACKS: readonly Request[] = unrelatedResources(ENVIRONMENT, UUID)
  .filter(({ location }) => ["another VPC", "the cluster's VPC"].includes(location))
  .flatMap(({ attacks }) => attacks.flat());

/** A call of the cluster without its tags, in another VPC, for another peering. */
function altered(request: Request): readonly Request[] {
  const context = Object.entries(request.context ?? {});
  const without = (pattern: RegExp) => context.filter(([key]) => !pattern.test(key));
  const moved = context.map(([key, value]) =>
    /^ec2:(?:Requester)?Vpc$/.test(key)
      ? ([key, String(value).replace(/vpc-[0-9a-f]+$/, "vpc-0fedcba9876543210")] as const)
      : ([key, value] as const),
  );
  return [
    without(/RequestTag|TagKeys/),
    without(/RequestTag\/kubernetes.io\/service|TagKeys/),
    without(/ResourceTag/),
    without(/ResourceTag\/kubernetes.io\/service/),
    moved,
  ].map((changed) => ({ ...request, context: Object.fromEntries(changed) }));
}

describe.each(Object.entries(CLUSTERS))("a test fails when a part of a strict policy is removed, %s", (name, known) => {
  it("or the part allows nothing that another part does not allow", async () => {
    const cluster = { ...withMarker(EVERYTHING), peeredVPCs: [PEER_VPC], ...known };
    const statements = policyStatements(inMode("strict", { supplement: true, environment: ENVIRONMENT, cluster }));
    const required = taggedRequests(ENVIRONMENT, cluster);
    const whole = policyDocument(statements);
    const denied = await requestsWith(false, whole, [...abuses(ENVIRONMENT), ...ATTACKS, ...required.flatMap(altered)]);
    const { mutants, survivors } = await survivorsOf(statements, { required, denied });
    process.stderr.write(
      `strict, ${name}: ${mutants.length - survivors.length} of ${mutants.length} mutants killed; ${survivors.join("; ")}\n`,
    );
    expect(survivors.length / mutants.length).toBeLessThan(0.1);
  }, 1_800_000);
});
